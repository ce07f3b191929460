//! Every bound that the use cases keep. Reaching one is a clear error and a metric, never a silent drop.

/// The bounds, with their defaults.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Longest text an agent or app may publish, in characters.
    pub text_characters: usize,
    /// Largest file that is taken in, in bytes.
    pub file_bytes: u64,
    /// Largest metadata of an event, in bytes of JSON.
    pub metadata_bytes: usize,
    /// Largest structured content, in bytes of JSON.
    pub rich_bytes: usize,
    /// Most items of one webhook that are worked on at once.
    pub webhook_concurrency: usize,
    /// Conversations and consumers kept in memory, per account.
    pub cached_conversations: u64,
    /// Sends under way at once, per source.
    pub sends_per_source: usize,
    /// How often a delivery is handed over at most: with pauses of up to five minutes, half a day of outage.
    pub delivery_attempts: u32,
    /// Calls to one endpoint of an app at once.
    pub notifications_per_endpoint: usize,
    /// How long an app may take to connect and answer, in milliseconds.
    pub notification_timeout_ms: u64,
    /// Rows of the channel log that may wait to be written; beyond, rows are dropped.
    pub channel_log_queue: usize,
    /// Rows of the channel log that are kept at most, of all accounts together; the oldest go first.
    pub channel_log_rows: u64,
    /// Media fetches under way at once.
    pub media_fetches: usize,
    /// How often media is tried at most.
    pub media_attempts: u32,
    /// How long a link to a file lives for people and apps, in seconds.
    pub link_s: i64,
    /// How long a link to a file lives for vendors, in seconds.
    pub vendor_link_s: i64,
    /// After how many hours an upload that nobody published is deleted; 0: never.
    pub orphan_hours: u32,
    /// How long a session lives at most, in seconds.
    pub session_s: i64,
    /// Retries of a decision that met a newer version.
    pub conflict_retries: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            text_characters: 5_000,
            file_bytes: 25 << 20,
            metadata_bytes: 20_000,
            rich_bytes: 64 << 10,
            webhook_concurrency: 32,
            cached_conversations: 100_000,
            sends_per_source: 64,
            delivery_attempts: 300,
            notifications_per_endpoint: 64,
            notification_timeout_ms: 5_000,
            channel_log_queue: 4_096,
            channel_log_rows: 2_000_000,
            media_fetches: 8,
            media_attempts: 8,
            link_s: 60,
            vendor_link_s: 4 * 3600,
            orphan_hours: 24,
            session_s: 12 * 3600,
            conflict_retries: 8,
        }
    }
}
