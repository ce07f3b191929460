//! Who a consumer is: an id that the account's own secret derives from what they are called elsewhere, so that the same one comes
//! back after years and restarts without anything being stored for somebody who only asked for a token.

use crate::ports::store::{CommitError, UnitOfWork, Write};
use crate::{App, Unavailable};
use antiphon_domain::{AccountId, ConsumerId};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The secret's name in the store.
const PURPOSE: &str = "consumers";

/// Where a consumer's name comes from: the same name from two of these is two people.
#[derive(Clone, Copy, Debug)]
pub(super) enum NamedBy<'a> {
    /// An app of the account; its apps share their consumers.
    App,
    /// One of the brand's log-ins.
    Provider(&'a str),
    /// Ourselves: an anonymous visitor.
    Ourselves,
}

impl App {
    /// The id of the consumer of that name.
    pub(super) async fn derived_consumer(&self, account: &AccountId, by: NamedBy<'_>, name: &str) -> Result<ConsumerId, Unavailable> {
        Ok(derive(&self.consumer_secret(account).await?, by, name))
    }

    async fn consumer_secret(&self, account: &AccountId) -> Result<[u8; 32], Unavailable> {
        if let Some(known) = self.identity.consumer_secrets.get(account) {
            return Ok(known);
        }
        let stored = match self.store.account_secret(account, PURPOSE).await? {
            Some(secret) => secret,
            None => self.make_consumer_secret(account).await?,
        };
        self.identity.consumer_secrets.insert(account.clone(), stored);
        Ok(stored)
    }

    async fn make_consumer_secret(&self, account: &AccountId) -> Result<[u8; 32], Unavailable> {
        let secret = self.ids.token();
        let mut unit = UnitOfWork::new(account.clone());
        unit.write(Write::AddAccountSecret { purpose: PURPOSE, secret });
        match self.commit(unit).await {
            Ok(()) => Ok(secret),
            // Somebody else asked at the same moment: there is one secret, and it is theirs.
            Err(CommitError::Taken(_)) => {
                let stored = self.store.account_secret(account, PURPOSE).await?;
                stored.ok_or_else(|| Unavailable("the account's secret is nowhere".to_owned()))
            }
            Err(error) => Err(error.into()),
        }
    }
}

fn derive(secret: &[u8; 32], by: NamedBy<'_>, name: &str) -> ConsumerId {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret).expect("HMAC takes keys of any length");
    let (kind, namespace) = match by {
        NamedBy::App => (1, ""),
        NamedBy::Provider(issuer) => (2, issuer),
        NamedBy::Ourselves => (3, ""),
    };
    mac.update(&[kind]);
    // Behind its length, so that no issuer and name run into another pair.
    mac.update(&(namespace.len() as u64).to_be_bytes());
    mac.update(namespace.as_bytes());
    mac.update(name.as_bytes());
    ConsumerId(mac.finalize().into_bytes().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_is_one_consumer_per_secret_and_namer() {
        let one = derive(&[1; 32], NamedBy::App, "anna");
        assert_eq!(one, derive(&[1; 32], NamedBy::App, "anna"));
        let others = [
            derive(&[2; 32], NamedBy::App, "anna"),
            derive(&[1; 32], NamedBy::App, "Anna"),
            derive(&[1; 32], NamedBy::Ourselves, "anna"),
            derive(&[1; 32], NamedBy::Provider("x"), "anna"),
            derive(&[1; 32], NamedBy::Provider("xa"), "nna"),
            derive(&[1; 32], NamedBy::Provider(""), "anna"),
        ];
        for (at, other) in others.iter().enumerate() {
            assert_ne!(one, *other, "{at}");
            assert!(others.iter().skip(at + 1).all(|later| later != other), "{at}");
        }
    }
}
