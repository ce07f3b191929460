//! The port, delegated: commits to the writer's queue, reads to the readers.

use super::backup;
use super::prepare::prepare;
use super::reader::View;
use super::writer::Job;
use super::{Failure, SqliteStore};
use antiphon_app::ports::Store;
use antiphon_app::ports::store::{
    Answered, AppGrant, AuditRow, ChannelLogFilter, ChannelLogRow, CommitError, ConsumerAt, ConversationCursor, ConversationFilter,
    DeadLetterRow, DeliveryFilter, DirectoryRows, Login, NotificationList, NotificationRow, NotificationState, ReadError, Reading,
    RoutingRows, Session, SigningKey, Swept, UnitOfWork,
};
use antiphon_domain::consent::Consent;
use antiphon_domain::{
    AccountId, Change, Consumer, ConsumerId, Conversation, ConversationId, Delivery, DeliveryId, DialogNumber, Event, NotificationId,
    RowId, Sequence, SourceId, StoredFile, Timestamp, UserId, Version,
};
use futures_util::future::BoxFuture;
use std::path::Path;

/// Up to this many events are read on the caller's thread.
const AT_ONCE: usize = 100;

impl SqliteStore {
    /// A read by key, on the caller's thread.
    fn now<'a, T: Send + 'a>(&'a self, read: impl FnOnce(&View<'_>) -> Result<T, Failure> + Send + 'a) -> Reading<'a, T> {
        Box::pin(async move { self.readers.now(read) })
    }

    /// A list, on the blocking pool.
    fn list<'a, T: Send + 'static>(&'a self, read: impl FnOnce(&View<'_>) -> Result<T, Failure> + Send + 'static) -> Reading<'a, T> {
        Box::pin(self.readers.list(read))
    }
}

impl Store for SqliteStore {
    fn commit<'a>(&'a self, unit: UnitOfWork) -> BoxFuture<'a, Result<(), CommitError>> {
        Box::pin(async move {
            let account = unit.account;
            let writes = unit.writes.into_iter().map(|write| prepare(&self.shared, &account, write)).collect();
            self.ask(|reply| Job::Unit { account, writes, reply }).await
        })
    }

    fn directory<'a>(&'a self) -> Reading<'a, DirectoryRows> {
        self.list(|view| view.directory())
    }

    fn applied<'a>(&'a self, account: &'a AccountId) -> Reading<'a, Vec<(String, [u8; 32])>> {
        let account = account.clone();
        self.list(move |view| view.applied(&account))
    }

    fn login<'a>(&'a self, account: &'a AccountId, user: UserId) -> Reading<'a, Option<Login>> {
        self.now(move |view| view.login(account, user))
    }

    fn signing_keys<'a>(&'a self) -> Reading<'a, Vec<SigningKey>> {
        self.list(|view| view.signing_keys())
    }

    fn account_secret<'a>(&'a self, account: &'a AccountId, purpose: &'a str) -> Reading<'a, Option<[u8; 32]>> {
        self.now(move |view| view.account_secret(account, purpose))
    }

    fn app_grant<'a>(&'a self, token_hash: [u8; 32]) -> Reading<'a, Option<(AccountId, AppGrant)>> {
        self.now(move |view| view.app_grant(token_hash))
    }

    fn session<'a>(&'a self, token_hash: [u8; 32]) -> Reading<'a, Option<(AccountId, Session)>> {
        self.now(move |view| view.session(token_hash))
    }

    fn answered<'a>(&'a self, account: &'a AccountId, caller: &'a str, key: &'a str) -> Reading<'a, Option<Answered>> {
        self.now(move |view| view.answered(account, caller, key))
    }

    fn consumer_state<'a>(&'a self, account: &'a AccountId, id: ConsumerId) -> Reading<'a, Option<ConsumerAt>> {
        self.now(move |view| view.consumer_state(account, id))
    }

    fn consumer_at<'a>(&'a self, account: &'a AccountId, source: SourceId, address: &'a str) -> Reading<'a, Option<ConsumerAt>> {
        self.now(move |view| view.consumer_at(account, source, address))
    }

    fn consumer<'a>(&'a self, account: &'a AccountId, id: ConsumerId) -> Reading<'a, Option<Consumer>> {
        self.now(move |view| view.consumer(account, id))
    }

    fn consumers<'a>(
        &'a self,
        account: &'a AccountId,
        text: &'a str,
        after: Option<ConsumerId>,
        limit: usize,
    ) -> Reading<'a, Vec<Consumer>> {
        let (account, text) = (account.clone(), text.to_owned());
        self.list(move |view| view.consumers(&account, &text, after, limit))
    }

    fn consents<'a>(&'a self, account: &'a AccountId, consumer: ConsumerId) -> Reading<'a, Vec<Consent>> {
        self.now(move |view| view.consents(account, consumer))
    }

    fn conversation<'a>(&'a self, account: &'a AccountId, id: ConversationId) -> Reading<'a, Option<Conversation>> {
        self.now(move |view| view.conversation(account, id))
    }

    fn conversations<'a>(
        &'a self,
        account: &'a AccountId,
        filter: &'a ConversationFilter,
        after: Option<ConversationCursor>,
        limit: usize,
    ) -> Reading<'a, Vec<Conversation>> {
        let (account, filter) = (account.clone(), filter.clone());
        self.list(move |view| view.conversations(&account, &filter, after, limit))
    }

    fn events<'a>(
        &'a self,
        account: &'a AccountId,
        conversation: ConversationId,
        dialog: DialogNumber,
        from: Sequence,
        limit: usize,
    ) -> Reading<'a, Vec<Event>> {
        if limit > AT_ONCE {
            let account = account.clone();
            return self.list(move |view| view.events(&account, conversation, dialog, from, limit));
        }
        self.now(move |view| view.events(account, conversation, dialog, from, limit))
    }

    fn changes<'a>(
        &'a self,
        account: &'a AccountId,
        conversation: ConversationId,
        after: Version,
        limit: usize,
    ) -> Reading<'a, Vec<Change>> {
        self.now(move |view| view.changes(account, conversation, after, limit))
    }

    fn routing<'a>(&'a self, account: &'a AccountId) -> Reading<'a, RoutingRows> {
        let account = account.clone();
        self.list(move |view| view.routing(&account))
    }

    fn outbox<'a>(&'a self, after: Option<(AccountId, DeliveryId)>, limit: usize) -> Reading<'a, Vec<(AccountId, Delivery)>> {
        self.list(move |view| view.outbox(after, limit))
    }

    fn delivery<'a>(&'a self, account: &'a AccountId, id: DeliveryId) -> Reading<'a, Option<Delivery>> {
        self.now(move |view| view.delivery(account, id))
    }

    fn delivery_by_vendor_id<'a>(&'a self, account: &'a AccountId, source: SourceId, vendor_id: &'a str) -> Reading<'a, Option<Delivery>> {
        self.now(move |view| view.delivery_by_vendor_id(account, source, vendor_id))
    }

    fn unread_deliveries<'a>(
        &'a self,
        account: &'a AccountId,
        conversation: ConversationId,
        up_to: Timestamp,
    ) -> Reading<'a, Vec<Delivery>> {
        self.now(move |view| view.unread_deliveries(account, conversation, up_to))
    }

    fn deliveries_of_events<'a>(
        &'a self,
        account: &'a AccountId,
        conversation: ConversationId,
        dialog: DialogNumber,
        from: Sequence,
        to: Sequence,
    ) -> Reading<'a, Vec<Delivery>> {
        self.now(move |view| view.deliveries_of_events(account, conversation, dialog, from, to))
    }

    fn deliveries<'a>(
        &'a self,
        account: &'a AccountId,
        filter: &'a DeliveryFilter,
        after: Option<DeliveryId>,
        limit: usize,
    ) -> Reading<'a, Vec<Delivery>> {
        let (account, filter) = (account.clone(), filter.clone());
        self.list(move |view| view.deliveries(&account, &filter, after, limit))
    }

    fn notification_lanes<'a>(
        &'a self,
        account: &'a AccountId,
        app: &'a str,
        after: Option<ConversationId>,
        limit: usize,
    ) -> Reading<'a, Vec<ConversationId>> {
        let (account, app) = (account.clone(), app.to_owned());
        self.list(move |view| view.notification_lanes(&account, &app, after, limit))
    }

    fn waiting_notifications<'a>(
        &'a self,
        account: &'a AccountId,
        app: &'a str,
        conversation: ConversationId,
        after: Option<NotificationId>,
        limit: usize,
    ) -> Reading<'a, Vec<NotificationRow>> {
        self.now(move |view| view.waiting_notifications(account, app, conversation, after, limit))
    }

    fn count_waiting_notifications<'a>(&'a self, account: &'a AccountId, app: &'a str, most: usize) -> Reading<'a, usize> {
        let (account, app) = (account.clone(), app.to_owned());
        self.list(move |view| view.count_waiting_notifications(&account, &app, most))
    }

    fn notifications<'a>(
        &'a self,
        account: &'a AccountId,
        app: &'a str,
        list: NotificationList,
        limit: usize,
    ) -> Reading<'a, Vec<NotificationRow>> {
        let (account, app) = (account.clone(), app.to_owned());
        self.list(move |view| view.notifications(&account, &app, list, limit))
    }

    fn notification<'a>(&'a self, account: &'a AccountId, app: &'a str, id: NotificationId) -> Reading<'a, Option<NotificationRow>> {
        self.now(move |view| view.notification(account, app, id))
    }

    fn notification_range<'a>(
        &'a self,
        account: &'a AccountId,
        app: &'a str,
        from: NotificationId,
        to: NotificationId,
        limit: usize,
    ) -> Reading<'a, Vec<(NotificationId, NotificationState)>> {
        let (account, app) = (account.clone(), app.to_owned());
        self.list(move |view| view.notification_range(&account, &app, from, to, limit))
    }

    fn file<'a>(&'a self, account: &'a AccountId, path: &'a str) -> Reading<'a, Option<StoredFile>> {
        self.now(move |view| view.file(account, path))
    }

    fn pending_files<'a>(&'a self, limit: usize) -> Reading<'a, Vec<(AccountId, StoredFile)>> {
        self.list(move |view| view.pending_files(limit))
    }

    fn unshown_files<'a>(&'a self, before: Timestamp, limit: usize) -> Reading<'a, Vec<(AccountId, StoredFile)>> {
        self.list(move |view| view.unshown_files(before, limit))
    }

    fn dead_letters<'a>(&'a self, account: &'a AccountId, after: Option<RowId>, limit: usize) -> Reading<'a, Vec<DeadLetterRow>> {
        let account = account.clone();
        self.list(move |view| view.dead_letters(&account, after, limit))
    }

    fn dead_letter<'a>(&'a self, account: &'a AccountId, id: RowId) -> Reading<'a, Option<DeadLetterRow>> {
        self.now(move |view| view.dead_letter(account, id))
    }

    fn channel_log<'a>(
        &'a self,
        account: &'a AccountId,
        filter: &'a ChannelLogFilter,
        after: Option<RowId>,
        limit: usize,
    ) -> Reading<'a, Vec<ChannelLogRow>> {
        let (account, filter) = (account.clone(), filter.clone());
        self.list(move |view| view.channel_log(&account, &filter, after, limit))
    }

    fn audit<'a>(&'a self, account: &'a AccountId, after: Option<RowId>, limit: usize) -> Reading<'a, Vec<AuditRow>> {
        let account = account.clone();
        self.list(move |view| view.audit(&account, after, limit))
    }

    fn ready<'a>(&'a self) -> Reading<'a, ()> {
        Box::pin(async move {
            self.ask(|reply| Job::Beat { reply }).await.map_err(|error| ReadError::Unavailable(error.to_string()))?;
            self.list(|view| Ok(view.connection.query_row("SELECT beats FROM heartbeat", [], |_| Ok(()))?)).await
        })
    }

    fn sweep<'a>(&'a self, now: Timestamp, most_log_rows: u64) -> BoxFuture<'a, Result<Swept, CommitError>> {
        Box::pin(async move {
            // Counting may take a while: not on the writer's time.
            let counted = self.list(move |view| view.channel_log_excess(most_log_rows)).await;
            let log_rows = counted.map_err(|error| CommitError::Unavailable(error.to_string()))?;
            self.ask(move |reply| Job::Sweep { now, log_rows, reply }).await
        })
    }

    fn backup<'a>(&'a self, to: &'a Path) -> Reading<'a, ()> {
        let (from, to) = (self.path.clone(), to.to_owned());
        Box::pin(async move {
            let task = tokio::task::spawn_blocking(move || backup::copy(&from, &to));
            task.await.unwrap_or_else(|error| Err(error.to_string())).map_err(ReadError::Unavailable)
        })
    }

    fn close<'a>(&'a self) -> BoxFuture<'a, ()> {
        Box::pin(self.shut())
    }
}
