//! What every store promises, as a suite that each adapter passes: an adapter plugs in with a [`Harness`] and one line,
//! `antiphon_store::contract!(harness)`.
//!
//! The cases speak the port only. They panic with what they expected: this module is for tests, nothing calls it otherwise.

mod configuration;
mod consumers;
mod conversations;
mod deliveries;
pub mod fixtures;
mod guards;
mod housekeeping;
mod identity;
mod lists;
mod model;
mod notifications;
mod random;

use antiphon_app::ports::Store;
use futures_util::future::BoxFuture;
use std::sync::Arc;

pub use configuration::*;
pub use consumers::*;
pub use conversations::*;
pub use deliveries::*;
pub use guards::*;
pub use housekeeping::*;
pub use identity::*;
pub use lists::*;
pub use notifications::*;
pub use random::*;

/// How an adapter hands out stores to the suite.
pub trait Harness: Send + Sync {
    /// A fresh and empty store, with the secrets of [`fixtures::TestSecrets`].
    fn open(&self) -> BoxFuture<'_, Box<dyn Subject>>;
    /// The same, but every guarded key has the same hash.
    fn open_with_colliding_hashes(&self) -> BoxFuture<'_, Box<dyn Subject>>;
}

/// One store under test.
pub trait Subject: Send + Sync {
    /// The store.
    fn store(&self) -> Arc<dyn Store>;
    /// Closes it and opens the same data again.
    fn reopen(&mut self) -> BoxFuture<'_, ()>;
    /// Everything that it keeps, as it lies on disk.
    fn bytes(&self) -> Vec<u8>;
}

/// Makes one test of each case of the suite, for the harness that the expression makes.
#[macro_export]
macro_rules! contract {
    ($harness:expr) => {
        $crate::contract_cases! { $harness;
            accounts_come_back_with_everything_in_them,
            unique_values_are_refused_by_name,
            nothing_crosses_accounts,
            secrets_are_sealed,
            sessions_begin_and_end,
            log_ins_and_applied_values_come_back,
            signing_keys_are_the_installations_and_never_replaced,
            an_account_keeps_its_secrets,
            identity_providers_and_features_come_back,
            api_keys_come_back_until_they_are_gone,
            what_users_let_apps_have_begins_and_ends,
            consumers_are_found_by_address_and_id,
            two_makers_of_one_consumer_are_told_apart,
            consumers_are_found_by_text,
            consents_come_newest_first,
            a_conversation_comes_back_as_it_was,
            a_stale_version_is_a_conflict,
            only_one_conversation_is_open_per_consumer,
            a_refused_unit_leaves_nothing,
            a_poisoned_unit_fails_alone,
            events_are_in_order_without_gaps,
            changes_come_back_in_order,
            racing_writers_lose_nothing,
            routing_is_rebuilt,
            a_vendors_item_is_stored_once,
            colliding_hashes_are_told_apart,
            an_answer_is_given_again,
            aged_out_rows_are_swept,
            the_channel_log_is_bounded,
            lists_are_filtered,
            lists_are_paged_without_skips,
            deliveries_climb_and_are_found,
            a_watermark_looks_at_the_newest,
            the_outbox_is_in_order,
            files_are_found_and_fetched,
            unshown_files_age_and_go,
            logs_are_paged_newest_first,
            everything_is_there_after_reopening,
            a_backup_is_a_store,
            a_closed_store_is_unavailable,
            news_come_back_as_committed,
            notifications_wait_in_lanes,
            notifications_are_listed,
            old_notifications_are_swept,
            random_histories_read_like_the_model,
        }
    };
}

/// Used by [`contract!`].
#[macro_export]
#[doc(hidden)]
macro_rules! contract_cases {
    ($harness:expr; $($case:ident,)+) => {
        $(
            #[tokio::test]
            async fn $case() {
                $crate::contract::$case(&$harness).await;
            }
        )+
    };
}
