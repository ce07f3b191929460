export function ChannelLogPage() { return null; }
