//! Serves the phone pages alone, with both simulators and no product behind them: for work on the pages themselves.
//! `cargo run -p antiphon-simulators --example phones`, then open the printed address.

use antiphon_simulators::{MessengerSim, SimulatorConfig, TwilioSim, phone_router, start};
use tokio::net::TcpListener;

#[tokio::main]
#[expect(clippy::print_stdout, reason = "an example talks to whoever runs it")]
async fn main() -> std::io::Result<()> {
    let config = || SimulatorConfig { seed: 1, webhook: None, start_ms: 1_767_225_600_000 };
    let sms = start("twilio_sms", TcpListener::bind("127.0.0.1:0").await?, config());
    let messenger = start("facebook_messenger", TcpListener::bind("127.0.0.1:0").await?, config());
    if let (Some(twilio), Some(page)) = (TwilioSim::of(&sms), MessengerSim::of(&messenger)) {
        twilio.create_account("AC1", "token");
        page.create_app("555", "secret", "verify");
        let made = twilio
            .create_number("AC1", "+15550001111", "")
            .and_then(|_| page.create_page("1001", "Harbour Shop", "EAAPAGE", "555"))
            .and_then(|()| page.create_consumer("1001", "2002", "Ada", "Byron"));
        twilio.create_consumer("+15550002222", "Bo Lind");
        made.map_err(std::io::Error::other)?;
    }
    sms.run_clock(true);
    messenger.run_clock(true);
    println!("SMS {}  Messenger {}", sms.base_url(), messenger.base_url());
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}/simulators", listener.local_addr()?);
    axum::serve(listener, phone_router([sms, messenger], None)).await
}
