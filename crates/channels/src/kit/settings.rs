//! Reading a source's settings. A setting that can't be read counts as not set: configuration is checked when it is saved.

use antiphon_app::channel::Keys;

/// A field's value, wherever it was set: among the settings, or among the credentials of the source or its app.
pub fn value<'a>(keys: &'a Keys, name: &str) -> Option<&'a str> {
    keys.setting(name).or_else(|| keys.credential(name)).map(str::trim)
}

/// A number, forced into its bounds.
pub fn number(keys: &Keys, name: &str, default: u32, least: u32, most: u32) -> u32 {
    value(keys, name).and_then(|text| text.parse().ok()).unwrap_or(default).clamp(least, most)
}

/// A switch.
pub fn flag(keys: &Keys, name: &str, default: bool) -> bool {
    match value(keys, name).map(str::to_ascii_lowercase).as_deref() {
        Some("true" | "yes" | "on" | "1") => true,
        Some("false" | "no" | "off" | "0") => false,
        _ => default,
    }
}

/// The source's address; empty without a source.
pub fn address(keys: &Keys) -> &str {
    keys.source.as_ref().map_or("", |source| &source.address)
}

/// Whether an address that a vendor has for its webhooks is the source's own.
pub fn is_own_hook(keys: &Keys, channel: &str, url: &str) -> bool {
    let ends = |name: &str| url.ends_with(&format!("/webhooks/{channel}/{name}"));
    keys.source.as_ref().is_some_and(|source| {
        let encoded: String = url::form_urlencoded::byte_serialize(source.address.as_bytes()).collect();
        ends(&source.address) || ends(&encoded) || ends(&source.id.to_string())
    })
}

/// Where the vendor's host is called: the source's substitute, else the host itself. Without a slash at the end.
pub fn base<'a>(keys: &'a Keys, host: &'a str) -> &'a str {
    let substitute = keys.source.as_ref().and_then(|source| source.api_base_url.as_deref());
    substitute.filter(|base| !base.is_empty()).unwrap_or(host).trim_end_matches('/')
}
