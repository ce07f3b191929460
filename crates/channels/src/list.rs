//! The only list of connectors. Whatever else needs one (settings forms, capability table, tests) asks here.

use antiphon_app::channel::Channel;
use std::sync::Arc;

macro_rules! connectors {
    ($($module:ident :: $connector:ident,)*) => {
        /// Every connector, in the order in which screens offer them.
        pub fn all() -> Vec<Arc<dyn Channel>> {
            vec![$(Arc::new(crate::$module::$connector),)*]
        }

        /// Every connector's tables, for the two runners.
        #[cfg(test)]
        pub(crate) fn fixtures() -> Vec<crate::kit::table::Fixture> {
            vec![$(crate::$module::tests::fixture(),)*]
        }
    };
}

connectors! {
    facebook_messenger::FacebookMessenger,
    twilio_sms::TwilioSms,
}
