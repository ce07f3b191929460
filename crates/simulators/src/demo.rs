//! What a simulated channel brings to the demo's account: one source, with the app it uses and what stands at its vendor.
//! It is data for the demo's bootstrap file; it must know neither that file's form nor any channel.

/// The demo's source on a simulated channel. Everything in it is made up and public.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoSource {
    /// Shown in the workspace.
    pub name: String,
    /// The source's address at its vendor.
    pub address: String,
    /// Where its webhooks go, below the webhooks of the channel; percent-encoded.
    pub hook: String,
    /// The brand's app at the vendor, where the channel has such a thing.
    pub app: Option<DemoApp>,
    /// The source's credentials, by the names of the bootstrap file.
    pub credentials: Vec<(&'static str, String)>,
    /// The source's settings, likewise.
    pub settings: Vec<(&'static str, String)>,
}

/// The demo's app at a vendor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoApp {
    /// Its name in the account.
    pub name: String,
    /// Its credentials, by the names of the bootstrap file.
    pub credentials: Vec<(&'static str, String)>,
}

impl DemoApp {
    /// The demo's usual app with these credentials.
    pub(crate) fn new(credentials: Vec<(&'static str, String)>) -> Self {
        Self { name: "Demo".to_owned(), credentials }
    }

    /// Where webhooks go that are addressed to the app and not to a source.
    pub(crate) fn hook(&self) -> String {
        format!("app/{}", self.name)
    }
}

/// A made-up secret; the same one for the simulator and the source.
pub(crate) fn secret(of: &str) -> String {
    format!("demo-{of}-secret-of-no-value-0000")
}
