//! The demo's account and its friends.

use super::LineSim;
use crate::demo::{DemoSource, secret};
use crate::kit::SimError;

const BOT: &str = "U4af4980629aa0bb1c2d3e4f506172839";

impl LineSim {
    pub(crate) fn furnished(&self) -> Result<DemoSource, SimError> {
        let name = "Demo shop on LINE";
        self.create_bot(BOT, "1650000000", &secret("line"), name, &secret("line-token"));
        self.create_consumer(BOT, "U0000000000000000000000000000d001", "Haruka Sato")?;
        self.create_consumer(BOT, "U0000000000000000000000000000d002", "Somchai Suk")?;
        Ok(DemoSource {
            name: name.to_owned(),
            address: BOT.to_owned(),
            hook: BOT.to_owned(),
            app: None,
            credentials: vec![
                ("channel_id", "1650000000".to_owned()),
                ("channel_secret", secret("line")),
                ("access_token", secret("line-token")),
            ],
            settings: Vec::new(),
        })
    }
}
