//! Signing in, and what stops somebody who guesses.

use antiphon_app::session::{AuthError, ChangeError, SignIn, SignInError};
use antiphon_testkit::TestApp;
use antiphon_testkit::app::{ACCOUNT, PASSWORD};

fn password(login: &str, password: &str) -> SignIn {
    SignIn::Password { login: login.into(), password: password.into(), browser: false }
}

#[tokio::test]
async fn a_session_lives_until_it_is_ended() {
    let test = TestApp::start().await;
    let signed_in = test.app.sign_in(ACCOUNT, password("AGENT1", PASSWORD), "test").await.expect("signs in");
    let authenticated = test.app.authenticate(&signed_in.bearer).await.expect("is valid");
    assert_eq!(authenticated.caller.user.login, "agent1");
    assert!(test.app.check_csrf(&authenticated.session, &signed_in.csrf));
    assert!(!test.app.check_csrf(&authenticated.session, &signed_in.bearer));
    assert_eq!(test.app.refresh(&signed_in.bearer, "wrong").await, Err(AuthError::BadCsrf));
    test.app.sign_out(&signed_in.bearer).await.expect("signs out");
    assert!(matches!(test.app.authenticate(&signed_in.bearer).await, Err(AuthError::NoSession)));
}

#[tokio::test]
async fn ten_wrong_passwords_lock_for_half_an_hour() {
    let test = TestApp::start().await;
    for n in 1..=10 {
        let outcome = test.app.sign_in(ACCOUNT, password("agent1", "wrong"), "test").await.err();
        assert_eq!(matches!(outcome, Some(SignInError::Locked { .. })), n == 10, "{n}: {outcome:?}");
    }
    let right = test.app.sign_in(ACCOUNT, password("agent1", PASSWORD), "test").await.err();
    assert!(matches!(right, Some(SignInError::Locked { .. })));
    test.clock.advance(30 * 60 * 1_000 + 1);
    assert!(test.app.sign_in(ACCOUNT, password("agent1", PASSWORD), "test").await.is_ok());
    for (account, login) in [("nope", "agent1"), (ACCOUNT, "nobody")] {
        assert_eq!(test.app.sign_in(account, password(login, PASSWORD), "test").await.err(), Some(SignInError::UnknownOrWrong));
    }
}

#[tokio::test]
async fn a_new_password_keeps_the_policy_and_is_not_an_old_one() {
    let test = TestApp::start().await;
    let caller = test.caller("agent1");
    assert_eq!(test.app.change_password(&caller, None, "wrong", "another-horse-7B").await, Err(ChangeError::WrongCurrent));
    let weak = test.app.change_password(&caller, None, PASSWORD, "short").await;
    assert!(matches!(weak, Err(ChangeError::Weak(sentences)) if sentences.len() == 2));
    assert!(matches!(test.app.change_password(&caller, None, PASSWORD, PASSWORD).await, Err(ChangeError::Weak(_))));
    let kept = test.app.sign_in(ACCOUNT, password("agent1", PASSWORD), "test").await.expect("signs in");
    let stolen = test.app.sign_in(ACCOUNT, password("agent1", PASSWORD), "test").await.expect("signs in");
    let keep = test.app.authenticate(&kept.bearer).await.expect("is valid").session.token_hash;
    assert!(test.app.authenticate(&stolen.bearer).await.is_ok());
    test.app.change_password(&caller, Some(keep), PASSWORD, "another-horse-7B").await.expect("changes");
    assert!(test.app.authenticate(&kept.bearer).await.is_ok());
    assert_eq!(test.app.authenticate(&stolen.bearer).await.err(), Some(AuthError::NoSession));
    assert!(test.app.sign_in(ACCOUNT, password("agent1", "another-horse-7B"), "test").await.is_ok());
}
