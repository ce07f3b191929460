//! `antiphon demo`: a server with a demo account, sample users and a simulated phone for each vendor, on a folder of its own.
//!
//! Everybody who reads this knows its passwords, so it listens on this machine only unless told otherwise. The vendors are
//! played by simulators on loopback ports of their own; the demo account's sources name them as `api_base_url`.

use super::serve::{Signals, until_told};
use crate::adapters::SystemClock;
use crate::adapters::ids;
use crate::cli::say;
use crate::config::Config;
use crate::serve::{Addresses, Options, Stage, start};
use antiphon_app::ports::Clock;
use antiphon_simulators::{DemoSource, Shop, Simulator, SimulatorConfig};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpListener;

/// The demo's account.
pub const ACCOUNT: &str = "demo";
/// The password of each of the demo's users.
pub const PASSWORD: &str = "correct-horse-9A";
const USERS: [(&str, &str, &str); 4] =
    [("agent1", "agent", "Alice"), ("agent2", "agent", "Bob"), ("manager", "agent_manager", "Mary"), ("admin", "administrator", "Ada")];

const WEB: &str = "web";
/// The address of the web source that the shop's page names.
const SHOP: &str = "shop";

/// Serves the demo until SIGTERM or SIGINT.
///
/// # Errors
/// For an address that others reach, a folder with other accounts, and everything that keeps a server from serving.
pub async fn demo(config: Config, allow_public: bool) -> anyhow::Result<()> {
    for address in std::iter::once(config.server.listen).chain(config.server.tls_listen) {
        anyhow::ensure!(
            allow_public || address.ip().is_loopback(),
            "the demo's passwords are public and its simulators have no sign-in, so it does not listen on {address}, which others may reach; \
             add --allow-public-demo if you want that"
        );
    }
    let signals = Signals::new()?;
    let phones: Arc<Mutex<Vec<Simulator>>> = Arc::default();
    let prepared = Arc::clone(&phones);
    let options = Options { prepare: Some(Box::new(move |addresses| Box::pin(prepare(addresses, prepared)))), only_account: Some(ACCOUNT) };
    let running = start(&config, options).await?;
    let phones = std::mem::take(&mut *phones.lock().unwrap_or_else(PoisonError::into_inner));
    let here = &running.addresses.public_url;
    say("demo: everything here is made up, and the passwords are public");
    say(&format!("  workspace   {here}/"));
    say(&format!("  phones      {here}/simulators"));
    say(&format!("  shop        {here}/simulators/shop"));
    for phone in &phones {
        say(&format!("  simulator   {} ({}) {}", phone.title(), phone.channel(), phone.base_url()));
    }
    say(&format!("  account     {ACCOUNT}"));
    for (login, profile, _) in USERS {
        say(&format!("  log-in      {login} / {PASSWORD} ({profile})"));
    }
    until_told(running, signals).await;
    for phone in &phones {
        phone.shutdown().await;
    }
    Ok(())
}

async fn prepare(addresses: Addresses, phones: Arc<Mutex<Vec<Simulator>>>) -> anyhow::Result<Stage> {
    let mut sims = Vec::new();
    let mut sources = Vec::new();
    for channel in antiphon_simulators::channels() {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        // Ids of an earlier run must not come again: the data folder remembers them.
        let mut seed = [0; 8];
        ids::fill(&mut seed);
        let start_ms = SystemClock::new().now().0;
        let config = SimulatorConfig { seed: u64::from_be_bytes(seed), webhook: None, start_ms };
        let sim = antiphon_simulators::start(channel, listener, config);
        sim.run_clock(true);
        let here = format!("http://{}", local(addresses.http));
        // Where the public address does not lead here by itself, or by a certificate that only we trust, webhooks take the plain listener.
        let connect_to = (addresses.public_url != here).then_some(here);
        let source = sim.furnish(&format!("{}/webhooks/{channel}", addresses.public_url), connect_to)?;
        sources.push(Played { channel, base: sim.base_url().to_owned(), source });
        sims.push(sim);
    }
    let shop = Shop::new(ACCOUNT, SHOP, || SystemClock::new().now().0.div_euclid(1000))?;
    let key = shop.public_key_pem().to_owned();
    let pages = antiphon_simulators::phone_router(sims.iter().cloned(), Some(shop));
    *phones.lock().unwrap_or_else(PoisonError::into_inner) = sims;
    Ok(Stage { bootstrap: Some(("demo".to_owned(), bootstrap(&sources, &origins(&addresses), &key))), pages: Some(pages), demo: true })
}

/// A simulated channel as the demo's account has it.
struct Played {
    channel: &'static str,
    base: String,
    source: DemoSource,
}

/// The pages that may show the shop's widget: this server's own, under the names that a browser here may call it by.
fn origins(addresses: &Addresses) -> String {
    let mut origins = vec![addresses.public_url.clone()];
    for (scheme, address) in std::iter::once(("http", addresses.http)).chain(addresses.https.map(|address| ("https", address))) {
        let (address, port) = (local(address), address.port());
        origins.extend([format!("{scheme}://{address}"), format!("{scheme}://localhost:{port}")]);
    }
    origins.sort();
    origins.dedup();
    origins.join(" ")
}

/// Where the simulators reach the plain listener.
fn local(address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() { SocketAddr::from(([127, 0, 0, 1], address.port())) } else { address }
}

/// The demo's bootstrap file. The simulators' addresses change with each start, and so these values are applied again.
fn bootstrap(sources: &[Played], origins: &str, key: &str) -> String {
    let mut text = format!(
        "[[account]]\nid = \"{ACCOUNT}\"\nname = \"Demo shop\"\ntimezone = \"UTC\"\ndefault_skill = \"General\"\n\
         allow_private_endpoints = [\"127.0.0.0/8\"]\n\
         [[account.skill]]\nname = \"General\"\n[[account.skill]]\nname = \"Returns\"\n"
    );
    for (login, profile, nickname) in USERS {
        text += &format!(
            "[[account.user]]\nlogin = \"{login}\"\npassword = \"{PASSWORD}\"\nnickname = \"{nickname}\"\nprofile = \"{profile}\"\n\
             skills = [\"General\", \"Returns\"]\nmax_conversations = 10\n"
        );
    }
    for played in sources {
        let source = &played.source;
        let channel = quoted(played.channel);
        if let Some(app) = &source.app {
            text +=
                &format!("[[account.channel_app]]\nchannel = {channel}\nname = {}\n[account.channel_app.credentials]\n", quoted(&app.name));
            text += &lines(&app.credentials);
        }
        text += &format!(
            "[[account.source]]\nchannel = {channel}\nname = {}\naddress = {}\nskill = \"General\"\napi_base_url = {}\n",
            quoted(&source.name),
            quoted(&source.address),
            quoted(&played.base)
        );
        if let Some(app) = &source.app {
            text += &format!("app = {}\n", quoted(&app.name));
        }
        text += &format!("[account.source.credentials]\n{}", lines(&source.credentials));
        text += &format!("[account.source.settings]\n{}", lines(&source.settings));
    }
    text += &format!(
        "[[account.source]]\nchannel = \"{WEB}\"\nname = \"Kettle & Leaf\"\naddress = \"{SHOP}\"\nskill = \"General\"\n\
         [account.source.settings]\nallowed_origins = \"{origins}\"\ncolor = \"#1f6f5c\"\nlauncher_text = \"Questions?\"\n\
         [[account.identity_provider]]\nissuer = \"{}\"\npublic_key_pem = \"\"\"\n{key}\"\"\"\n",
        Shop::ISSUER
    );
    text
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

fn lines(fields: &[(&'static str, String)]) -> String {
    fields.iter().map(|(name, value)| format!("{name} = {}\n", quoted(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::Played;
    use crate::bootstrap;
    use antiphon_simulators::{Shop, SimulatorConfig};
    use tokio::net::TcpListener;

    /// Every simulated channel must bring a source that its connector takes, whose secrets are long and whose fields it knows.
    #[tokio::test]
    async fn the_demos_own_file_is_good() {
        let mut sources = Vec::new();
        for channel in antiphon_simulators::channels() {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let sim = antiphon_simulators::start(channel, listener, SimulatorConfig::default());
            let source = sim.furnish(&format!("http://127.0.0.1:3/webhooks/{channel}"), None).expect("it is new");
            sources.push(Played { channel, base: sim.base_url().to_owned(), source });
            sim.shutdown().await;
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("demo.toml");
        let key = Shop::new("demo", "shop", || 0).expect("a key").public_key_pem().to_owned();
        let file = super::bootstrap(&sources, "http://127.0.0.1:3 http://localhost:3", &key);
        std::fs::write(&path, file).expect("it can be written");
        let (problems, advice) = bootstrap::check(&path, &antiphon_channels::list::all());
        assert_eq!((problems, advice), (Vec::new(), Vec::new()));
    }
}
