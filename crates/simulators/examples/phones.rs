//! Serves the phone pages alone, with every simulator and no product behind them: for work on the pages themselves.
//! `cargo run -p antiphon-simulators --example phones`, then open the printed address.

use antiphon_simulators::{SimulatorConfig, channels, phone_router, start};
use tokio::net::TcpListener;

#[tokio::main]
#[expect(clippy::print_stdout, reason = "an example talks to whoever runs it")]
async fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let here = format!("http://{}", listener.local_addr()?);
    let mut sims = Vec::new();
    for channel in channels() {
        let config = SimulatorConfig { seed: 1, webhook: None, start_ms: 1_767_225_600_000 };
        let sim = start(channel, TcpListener::bind("127.0.0.1:0").await?, config);
        sim.furnish(&format!("{here}/webhooks/{channel}"), None).map_err(std::io::Error::other)?;
        sim.run_clock(true);
        println!("{channel} {}", sim.base_url());
        sims.push(sim);
    }
    println!("{here}/simulators");
    axum::serve(listener, phone_router(sims, None)).await
}
