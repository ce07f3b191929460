//! Consumers who come over the web: anonymous, and vouched for by the brand's own log-ins.

use antiphon_app::ConsumerCaller;
use antiphon_app::administration::{Act, IdentityProviderInput};
use antiphon_app::consumers::{Client, Open, OpenErrorKind};
use antiphon_app::identity::{ConsumerIdentity, TokenError, VisitorError, WEB_CHANNEL};
use antiphon_app::ports::net::NetError;
use antiphon_app::ports::store::{ProviderKeys, UnitOfWork, Write};
use antiphon_app::ports::{Clock, Ids, Store};
use antiphon_domain::source::{Health, HealthState};
use antiphon_domain::{Source, SourceId};
use antiphon_testkit::net::answer;
use antiphon_testkit::{SeededIds, TestApp};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

const ISSUER: &str = "https://shop.example/login";
const JWKS: &str = "https://shop.example/jwks";

fn web_source(id: u64, address: &str, enabled: bool) -> Source {
    Source {
        id: SourceId(id),
        channel: WEB_CHANNEL.into(),
        name: address.into(),
        address: address.into(),
        skill: None,
        app: None,
        enabled,
        api_base_url: None,
        credentials: Default::default(),
        settings: Default::default(),
        health: Health { state: HealthState::Unknown, message: String::new(), since: antiphon_domain::Timestamp(0) },
        created_at: antiphon_domain::Timestamp(0),
        updated_at: antiphon_domain::Timestamp(0),
    }
}

async fn with_sources(sources: impl IntoIterator<Item = Source>) -> TestApp {
    let world = TestApp::start().await;
    let mut unit = UnitOfWork::new(world.account());
    unit.writes.extend(sources.into_iter().map(Write::PutSource));
    world.store.commit(unit).await.expect("the sources are stored");
    world.app.reload_directory().await.expect("they are loaded");
    world
}

async fn with_web() -> TestApp {
    with_sources([web_source(70, "old shop", false), web_source(71, "shop", true), web_source(72, "blog", true)]).await
}

fn part(token: &str, at: usize) -> Value {
    let part = token.split('.').nth(at).expect("a part");
    serde_json::from_slice(&STANDARD_NO_PAD.decode(part).expect("readable by `atob`")).expect("JSON")
}

fn believed(world: &TestApp, token: &str) -> ConsumerIdentity {
    world.app.check_consumer_token(&world.account(), token).expect("it is believed")
}

fn now_s(world: &TestApp) -> i64 {
    world.clock.now().0 / 1000
}

fn advance_s(world: &TestApp, seconds: i64) {
    world.clock.advance(seconds * 1000);
}

/// The brand's log-in, with an RSA key and one on a curve.
struct Brand {
    rsa: RsaKeyPair,
    curve: EcdsaKeyPair,
}

impl Brand {
    async fn new() -> Self {
        let rsa = SeededIds::new(3).signing_key().await;
        let curve = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
        Self { rsa: RsaKeyPair::from_pkcs8(&rsa).expect("a key pair"), curve }
    }

    fn jwks(&self) -> String {
        let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let public = self.rsa.public_key();
        let (n, e) = (public.modulus(), public.exponent());
        let point = self.curve.public_key().as_ref();
        json!({"keys": [
            {"kty": "oct", "kid": "secret", "k": "AAAA"},
            {"kty": "RSA", "kid": "r1", "use": "sig", "alg": "RS256",
             "n": part(n.big_endian_without_leading_zero()), "e": part(e.big_endian_without_leading_zero())},
            {"kty": "EC", "kid": "e1", "crv": "P-256", "x": part(&point[1..33]), "y": part(&point[33..])},
            {"kty": "RSA", "kid": "enc", "use": "enc",
             "n": part(n.big_endian_without_leading_zero()), "e": part(e.big_endian_without_leading_zero())},
        ]})
        .to_string()
    }

    fn pem(&self) -> String {
        let der: PublicKeyX509Der<'_> = self.rsa.public_key().as_der().expect("written down");
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(der.as_ref()))
    }

    fn signed(&self, header: &Value, claims: &Value) -> String {
        let unsigned = format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature = if header["alg"] == "ES256" {
            self.curve.sign(&SystemRandom::new(), unsigned.as_bytes()).expect("signs").as_ref().to_vec()
        } else {
            let mut signature = vec![0; self.rsa.public_modulus_len()];
            self.rsa.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), unsigned.as_bytes(), &mut signature).expect("signs");
            signature
        };
        format!("{unsigned}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// A token of the brand's for `sub`.
    fn token(&self, world: &TestApp, sub: &str) -> String {
        self.signed(&json!({"alg": "RS256", "kid": "r1"}), &claims(world, sub))
    }
}

fn claims(world: &TestApp, sub: &str) -> Value {
    json!({"iss": ISSUER, "sub": sub, "iat": now_s(world), "exp": now_s(world) + 300})
}

async fn trust(world: &TestApp, keys: ProviderKeys, audience: Option<&str>) {
    let input = IdentityProviderInput { issuer: ISSUER.into(), keys: Some(keys), audience: audience.map(str::to_owned), enabled: true };
    world.app.put_identity_provider(&Act::of(&world.caller("admin1")), input, false, None).await.expect("it is added");
}

async fn with_brand() -> (TestApp, Brand) {
    let (world, brand) = (with_web().await, Brand::new().await);
    trust(&world, ProviderKeys::Jwks(JWKS.into()), None).await;
    world.net.otherwise(answer(200, &brand.jwks()));
    (world, brand)
}

#[tokio::test]
async fn a_stranger_signs_up_over_the_first_active_web_source() {
    let world = with_web().await;
    let token = world.app.sign_up_visitor("12").await.expect("a token");
    let consumer = believed(&world, &token);
    assert_eq!((consumer.source, consumer.authenticated, consumer.issuer.clone()), (Some(SourceId(71)), false, None));
    let claims = part(&token, 1);
    assert_eq!((&claims["aud"], &claims["sub"]), (&json!("acc:12"), &json!(consumer.consumer.to_string())));
    assert_eq!(claims.get("lp.ext"), None, "nobody vouches for a stranger");
    assert_eq!(consumer.external_id, consumer.consumer.to_string());
    let other = believed(&world, &world.app.sign_up_visitor("12").await.expect("a token"));
    assert_ne!(other.consumer, consumer.consumer);
    advance_s(&world, 730 * 3600 - 1);
    believed(&world, &token);
    advance_s(&world, 1);
    assert_eq!(world.app.check_consumer_token(&world.account(), &token), Err(TokenError::Expired));

    assert_eq!(world.app.sign_up_visitor("13").await, Err(VisitorError::NoSuchAccount));
    assert_eq!(world.app.sign_up_visitor("no account").await, Err(VisitorError::NoSuchAccount));
    let bare = with_sources([web_source(70, "shop", false)]).await;
    assert_eq!(bare.app.sign_up_visitor("12").await, Err(VisitorError::NoWebSource));
}

#[tokio::test]
async fn an_anonymous_identity_is_kept_for_a_month() {
    let world = with_web().await;
    let first = world.app.anonymous_identity("12", None).await.expect("an identity");
    let over_shop = world.app.exchange_identity("12", Some("shop"), &first).await.expect("a token");
    let over_blog = world.app.exchange_identity("12", Some("src_0000000000000048"), &first).await.expect("a token");
    let (one, other) = (believed(&world, &over_shop), believed(&world, &over_blog));
    assert_eq!((one.consumer, one.source, one.authenticated), (other.consumer, Some(SourceId(71)), false));
    assert_eq!(other.source, Some(SourceId(72)));

    advance_s(&world, 600);
    let ended = world.app.exchange_identity("12", Some("shop"), &first).await;
    assert_eq!(ended, Err(VisitorError::Token(TokenError::Expired)));
    let renewed = world.app.anonymous_identity("12", Some(&first)).await.expect("it is kept");
    let again = world.app.exchange_identity("12", Some("shop"), &renewed).await.expect("a token");
    assert_eq!(believed(&world, &again).consumer, one.consumer, "the same visitor");
    advance_s(&world, 730 * 3600 - 601);
    let last = world.app.anonymous_identity("12", Some(&renewed)).await.expect("it is kept");
    advance_s(&world, 1);
    assert_eq!(world.app.anonymous_identity("12", Some(&last)).await, Err(VisitorError::Token(TokenError::Expired)));

    let (_, signature) = renewed.rsplit_once('.').expect("a signature");
    let forged = format!("{}.{}.{signature}", renewed.split('.').next().expect("a header"), URL_SAFE_NO_PAD.encode("{\"sub\":\"x\"}"));
    assert_eq!(world.app.anonymous_identity("12", Some(&forged)).await, Err(VisitorError::Token(TokenError::Forged)));
    let visitors = world.app.anonymous_identity("12", Some(&again)).await;
    assert!(matches!(visitors, Err(VisitorError::Token(_))), "a visitor's token is no identity: {visitors:?}");
}

#[tokio::test]
async fn a_connector_is_named_by_id_or_address_and_must_be_active() {
    let world = with_web().await;
    let identity = world.app.anonymous_identity("12", None).await.expect("an identity");
    // The last is a source that visitors can't come over.
    for named in ["old shop", "nothing", "src_0000000000000046", "src_00000000000000ff", "+100", "src_0000000000000001"] {
        let refused = world.app.exchange_identity("12", Some(named), &identity).await;
        assert_eq!(refused, Err(VisitorError::NoSuchConnector(named.into())));
    }
}

#[tokio::test]
async fn the_brand_vouches_for_its_own() {
    let (world, brand) = with_brand().await;
    let mut signed = claims(&world, "anna-7");
    for (name, value) in [("given_name", "Anna"), ("family_name", "Ö~>?"), ("email", "a@b.example"), ("phone_number", "+49")] {
        signed[name] = json!(value);
    }
    signed["gender"] = json!(7);
    signed["lp_sdes"] = json!([{"type": "ctmrinfo", "info": {"ctype": "vip"}}, "nonsense"]);
    let by_rsa = brand.signed(&json!({"alg": "RS256", "kid": "r1"}), &signed);
    let token = world.app.exchange_identity("12", Some("shop"), &by_rsa).await.expect("a token");
    let anna = believed(&world, &token);
    assert_eq!((anna.external_id.as_str(), anna.issuer.as_deref(), anna.authenticated), ("anna-7", Some(ISSUER), true));
    assert_eq!((anna.claims.given_name.as_deref(), anna.claims.gender.as_deref()), (Some("Anna"), None));
    assert_eq!(part(&token, 1)["lp.ext"]["sub"], "anna-7");
    assert_eq!(
        anna.attributes(),
        [
            json!({"type": "ctmrinfo", "info": {"customerId": "anna-7", "imei": "+49"}}),
            json!({"type": "personal", "personal": {"firstname": "Anna", "lastname": "Ö~>?", "contacts": [{"email": "a@b.example"}]}}),
            json!({"type": "ctmrinfo", "info": {"ctype": "vip"}}),
        ]
    );
    // The legacy way, another key, another source of keys: the same person.
    let by_curve = brand.signed(&json!({"alg": "ES256"}), &claims(&world, "anna-7"));
    let legacy = world.app.exchange_identity("12", None, &by_curve).await.expect("a token");
    assert_eq!(believed(&world, &legacy).consumer, anna.consumer);
    assert_eq!(world.net.calls().len(), 1, "the set of keys is remembered");
    trust(&world, ProviderKeys::Pem(brand.pem()), None).await;
    let by_pem = world.app.exchange_identity("12", None, &brand.token(&world, "anna-7")).await.expect("a token");
    assert_eq!(believed(&world, &by_pem).consumer, anna.consumer);
    let bert = world.app.exchange_identity("12", None, &brand.token(&world, "bert")).await.expect("a token");
    assert_ne!(believed(&world, &bert).consumer, anna.consumer);
    advance_s(&world, 24 * 3600);
    assert_eq!(world.app.check_consumer_token(&world.account(), &token), Err(TokenError::Expired));
}

#[tokio::test]
async fn what_the_brand_did_not_sign_for_us_is_refused() {
    let (world, brand) = with_brand().await;
    let exchange = async |token: &str| world.app.exchange_identity("12", Some("shop"), token).await.map(drop);
    let check = async |token: &str, expected: TokenError| assert_eq!(exchange(token).await, Err(VisitorError::Token(expected)), "{token}");
    let good = claims(&world, "anna");
    let r1 = json!({"alg": "RS256", "kid": "r1"});
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        match value {
            Value::Null => drop(claims.as_object_mut().expect("an object").remove(name)),
            value => claims[name] = value,
        }
        brand.signed(&r1, &claims)
    };
    let now = now_s(&world);
    check("", TokenError::Missing).await;
    check(&with("exp", json!(now - 60)), TokenError::Expired).await;
    assert_eq!(exchange(&with("exp", json!(now - 59))).await, Ok(()), "clocks may differ a little");
    check(&with("iat", json!(now + 61)), TokenError::TooEarly).await;
    check(&with("nbf", json!(now + 61)), TokenError::TooEarly).await;
    assert_eq!(exchange(&with("iat", json!(now + 60))).await, Ok(()));
    for name in ["exp", "iat", "sub"] {
        check(&with(name, Value::Null), TokenError::Claim(name)).await;
    }
    check(&with("iss", Value::Null), TokenError::Claim("iss")).await;
    check(&with("sub", json!("")), TokenError::Claim("sub")).await;
    check(&with("sub", json!("x".repeat(251))), TokenError::Claim("sub")).await;
    let other = exchange(&with("iss", json!("https://else.example"))).await;
    assert_eq!(other, Err(VisitorError::NoSuchProvider("https://else.example".into())));
    check(&with("aud", json!("another-party")), TokenError::WrongAudience).await;
    for ours in [json!("12"), json!("acc:12"), json!(["x", "12"])] {
        assert_eq!(exchange(&with("aud", ours)).await, Ok(()));
    }

    let body = URL_SAFE_NO_PAD.encode(good.to_string());
    let header = |header: Value| URL_SAFE_NO_PAD.encode(header.to_string());
    check(&format!("{}.{body}.", header(json!({"alg": "none"}))), TokenError::Algorithm).await;
    check(&format!("{}.{body}.AAAA", header(json!({"alg": "HS256", "kid": "r1"}))), TokenError::Algorithm).await;
    check(&format!("{}.{body}.AAAA", header(json!({"alg": "PS256", "kid": "r1"}))), TokenError::Algorithm).await;
    check(&format!("{}.{body}.AAAA", header(r1.clone())), TokenError::Forged).await;
    // A key of one kind under the other's algorithm, and keys that are for something else.
    check(&format!("{}.{body}.AAAA", header(json!({"alg": "ES256", "kid": "r1"}))), TokenError::UnknownKey).await;
    check(&brand.signed(&json!({"alg": "RS256", "kid": "enc"}), &good), TokenError::UnknownKey).await;
    check(&brand.signed(&json!({"alg": "RS256", "kid": "secret"}), &good), TokenError::UnknownKey).await;
    check("a.b.c.d.e", TokenError::Malformed("it is encrypted; only signed tokens are accepted")).await;
    // Our own tokens of other uses are nobody's identity.
    let visitor = world.app.sign_up_visitor("12").await.expect("a token");
    assert!(exchange(&visitor).await.is_err());

    trust(&world, ProviderKeys::Jwks(JWKS.into()), Some("chat")).await;
    check(&brand.token(&world, "anna"), TokenError::WrongAudience).await;
    check(&with("aud", json!("12")), TokenError::WrongAudience).await;
    assert_eq!(exchange(&with("aud", json!(["chat"]))).await, Ok(()));
    let off = IdentityProviderInput { issuer: ISSUER.into(), keys: None, audience: None, enabled: false };
    world.app.put_identity_provider(&Act::of(&world.caller("admin1")), off, false, None).await.expect("switched off");
    assert_eq!(exchange(&with("aud", json!("12"))).await, Err(VisitorError::NoSuchProvider(ISSUER.into())));
}

#[tokio::test]
async fn made_up_key_ids_do_not_make_us_call() {
    let (world, brand) = with_brand().await;
    let exchange = async |token: &str| world.app.exchange_identity("12", None, token).await.map(drop);
    let made_up = |n: usize| brand.signed(&json!({"alg": "RS256", "kid": format!("k{n}")}), &claims(&world, "anna"));
    for n in 0..50 {
        assert_eq!(exchange(&made_up(n)).await, Err(VisitorError::Token(TokenError::UnknownKey)));
    }
    assert_eq!(world.net.calls().len(), 1);
    advance_s(&world, 30);
    assert!(exchange(&made_up(1)).await.is_err());
    assert_eq!(world.net.calls().len(), 2, "a new key may have come");
    let call = &world.net.calls()[0];
    assert!(call.url == JWKS && call.max_answer_bytes <= 256 << 10 && call.timeout_ms <= 5_000 && call.redirects <= 2);
}

#[tokio::test]
async fn keys_that_can_not_be_fetched_are_used_for_another_day() {
    let (world, brand) = with_brand().await;
    let exchange = async || world.app.exchange_identity("12", None, &brand.token(&world, "anna")).await.map(drop);
    assert_eq!(exchange().await, Ok(()));
    world.net.otherwise(Err(NetError::Timeout(5_000)));
    advance_s(&world, 3_600);
    assert_eq!(exchange().await, Ok(()));
    advance_s(&world, 23 * 3_600);
    assert!(matches!(exchange().await, Err(VisitorError::KeysUnavailable(_))));
    for bad in [answer(500, ""), answer(200, "<html>"), answer(200, "{\"keys\":[]}"), answer(200, "{\"keys\":[{\"kty\":\"RSA\"}]}")] {
        world.net.otherwise(bad);
        advance_s(&world, 30);
        assert!(matches!(exchange().await, Err(VisitorError::KeysUnavailable(_))));
    }
    world.net.otherwise(answer(200, &brand.jwks()));
    assert!(exchange().await.is_err(), "not again at once");
    advance_s(&world, 30);
    assert_eq!(exchange().await, Ok(()));
}

#[tokio::test]
async fn a_visitors_token_is_never_longer_than_clients_copy() {
    let (world, brand) = with_brand().await;
    let mut signed = claims(&world, &"ü".repeat(250));
    signed["given_name"] = json!("Ä".repeat(200));
    let attribute = |at: usize| json!({"type": "ctmrinfo", "info": {"customerId": format!("{at}-{}", "x".repeat(100))}});
    signed["lp_sdes"] = (0..10).map(attribute).collect();
    let long = brand.signed(&json!({"alg": "RS256", "kid": "r1"}), &signed);
    signed["sub"] = json!("anna");
    signed["given_name"] = json!("Anna");
    let short = brand.signed(&json!({"alg": "RS256", "kid": "r1"}), &signed);
    let some = world.app.exchange_identity("12", None, &short).await.expect("a token");
    assert!(some.len() <= 2_048, "{}", some.len());
    let anna = believed(&world, &some);
    assert!((1..10).contains(&anna.claims.attributes.len()) && anna.claims.attributes[0] == attribute(0), "the first ones stay");
    let none = world.app.exchange_identity("12", None, &long).await.expect("a token");
    assert!(believed(&world, &none).authenticated);
}

#[tokio::test]
async fn a_source_for_signed_in_visitors_takes_no_stranger() {
    let (world, brand) = with_brand().await;
    let anonymous = world.app.anonymous_identity("12", None).await.expect("an identity");
    let earlier = world.app.exchange_identity("12", Some("shop"), &anonymous).await.expect("a token from before the setting");
    let elsewhere = world.app.exchange_identity("12", Some("blog"), &anonymous).await.expect("another source");
    let mut shop = web_source(71, "shop", true);
    shop.settings.insert("sign_in".into(), "required".into());
    let mut unit = UnitOfWork::new(world.account());
    unit.writes.push(Write::PutSource(shop));
    world.store.commit(unit).await.expect("the setting is stored");
    world.app.reload_directory().await.expect("it is loaded");

    let refused = Err(VisitorError::SignInRequired("shop".into()));
    assert_eq!(world.app.exchange_identity("12", Some("shop"), &anonymous).await, refused);
    assert_eq!(world.app.exchange_identity("12", Some(&SourceId(71).to_string()), &anonymous).await, refused, "by its id");
    assert_eq!(world.app.sign_up_visitor("12").await, refused);
    let vouched = world.app.exchange_identity("12", Some("shop"), &brand.token(&world, "c-1")).await.expect("the brand vouches");

    let open = async |token: &str| {
        let caller = ConsumerCaller::of(&believed(&world, token), Client::default()).expect("over a source");
        world.app.open_conversation(&caller, Open::default()).await.map(drop).map_err(|error| error.kind)
    };
    assert_eq!(open(&earlier).await, Err(OpenErrorKind::SignInRequired), "a token that is older than the setting");
    assert_eq!(open(&vouched).await, Ok(()));
    assert_eq!(open(&elsewhere).await, Ok(()), "another source asks nobody");
}
