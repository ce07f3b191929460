//! The only list of connectors. Whatever else needs one (settings forms, capability table, tests) asks here.

use antiphon_app::channel::Channel;
use std::sync::Arc;

macro_rules! connectors {
    ([$($module:ident :: $connector:ident,)*], hosted [$($own:ident :: $own_connector:ident,)*]) => {
        /// Every connector, in the order in which screens offer them.
        pub fn all() -> Vec<Arc<dyn Channel>> {
            vec![$(Arc::new(crate::$module::$connector),)* $(Arc::new(crate::$own::$own_connector),)*]
        }

        /// The tables of every connector that has a vendor, for the two runners.
        #[cfg(test)]
        pub(crate) fn fixtures() -> Vec<crate::kit::table::Fixture> {
            vec![$(crate::$module::tests::fixture(),)*]
        }
    };
}

connectors! {
    [
        facebook_messenger::FacebookMessenger,
        twilio_sms::TwilioSms,
        whatsapp::Whatsapp,
        line::Line,
        instagram::Instagram,
        cm_sms::CmSms,
        telegram::Telegram,
        rcs::Rcs,
        viber::Viber,
    ],
    // Our own protocols: nobody to simulate, no tables to run.
    hosted [
        connector_api::ConnectorApi,
        web::Web,
    ]
}
