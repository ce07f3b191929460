//! Learning a new consumer's name from the channel: afterwards, at leisure, and never in the way of a message.

use crate::channel::ChannelProfile;
use crate::channel_log::{About, Recorder};
use crate::ingest::Place;
use crate::ports::bus::Announcement;
use crate::ports::store::{UnitOfWork, Write};
use crate::{AccountView, App, Unavailable};
use antiphon_domain::{Consumer, Source};
use std::sync::Arc;

impl App {
    /// Asks the channel who a consumer is, in the background.
    pub(crate) fn look_up_profile(self: &Arc<Self>, place: &Place<'_>, consumer: Arc<Consumer>) {
        if place.channel.profiles().is_none() || consumer.profile_checked_at.is_some() {
            return;
        }
        let (app, view, source) = (Arc::clone(self), Arc::clone(place.view), Arc::clone(place.source));
        self.spawn(async move {
            if let Err(error) = app.profile(&view, &source, &consumer).await {
                tracing::debug!(source = %source.id, %error, "a consumer's profile was not stored");
            }
        });
    }

    async fn profile(self: &Arc<Self>, view: &Arc<AccountView>, source: &Arc<Source>, consumer: &Arc<Consumer>) -> Result<(), Unavailable> {
        let Some(channel) = self.channel(&source.channel) else { return Ok(()) };
        let Some(profiles) = channel.profiles() else { return Ok(()) };
        let net = Recorder::new(self, view, source, &**channel, About::default());
        let found = match self.signed_in(view, source, &**channel).await {
            Ok(keys) => profiles.profile(&keys, &consumer.address, &net).await.ok().flatten().unwrap_or_default(),
            Err(_) => ChannelProfile::default(),
        };
        let state = self.account_state(&view.account.id);
        let _lock = state.live.lock_consumer(source.id, &consumer.address).await;
        let current = self.load_consumer(&state, &view.account.id, consumer.id).await?.unwrap_or_else(|| Arc::clone(consumer));
        let mut changed = (*current).clone();
        changed.name = found.name.or(changed.name);
        changed.avatar_url = found.avatar_url.or(changed.avatar_url);
        changed.profile_checked_at = Some(self.clock.now());
        let mut unit = UnitOfWork::new(view.account.id.clone());
        unit.write(Write::PutConsumer(changed.clone()));
        self.commit(unit).await?;
        let id = changed.id;
        state.live.keep_consumer(Arc::new(changed));
        self.announce(&view.account.id, &[], Announcement::Consumer(id));
        Ok(())
    }
}
