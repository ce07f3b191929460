//! The guarded client against servers on the loopback interface, with a resolver that says what the test wants.

use crate::{GuardedNet, NetOptions, Resolver, Resolving};
use antiphon_app::ports::net::{Net, NetAnswer, NetError, NetFactory, NetRequest};
use antiphon_domain::account::Network;
use bytes::Bytes;
use http::{HeaderMap, Method, header};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Names and what they resolve to, one list for each time they are asked for; the last one stays.
#[derive(Default)]
struct Names(Mutex<HashMap<String, Vec<Vec<IpAddr>>>>);

impl Names {
    fn with(names: &[(&str, &[&[&str]])]) -> Arc<Self> {
        let ips = |texts: &[&str]| texts.iter().map(|text| text.parse().expect(text)).collect();
        let entry = |(name, turns): &(&str, &[&[&str]])| ((*name).to_owned(), turns.iter().map(|turn| ips(turn)).collect());
        Arc::new(Self(Mutex::new(names.iter().map(entry).collect())))
    }
}

impl Resolver for Names {
    fn resolve<'a>(&'a self, name: &'a str) -> Resolving<'a> {
        Box::pin(async move {
            let mut names = self.0.lock().expect("no test panics holding it");
            let turns = names.get_mut(name).ok_or_else(|| format!("{name} does not exist"))?;
            Ok(if turns.len() > 1 { turns.remove(0) } else { turns[0].clone() })
        })
    }
}

/// What a server does with a connection after it has read a whole request.
enum Then {
    Answer(String),
    Close,
    Hang,
}

/// A server that hands every request's text to a function; gives its address.
async fn serve(ip: &str, answer: impl Fn(&str) -> Then + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind((ip, 0)).await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let answer = Arc::new(answer);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(connection(stream, Arc::clone(&answer)));
        }
    });
    address
}

async fn connection(mut stream: TcpStream, answer: Arc<impl Fn(&str) -> Then>) {
    let mut read = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = |line: &str| line.to_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok();
            if body.len() >= head.lines().find_map(length).unwrap_or(0) {
                read.clear();
                match answer(&text) {
                    Then::Answer(bytes) => stream.write_all(bytes.as_bytes()).await.expect("the client listens"),
                    Then::Close => return,
                    Then::Hang => std::future::pending().await,
                }
                continue;
            }
        }
        match stream.read_buf(&mut read).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    }
}

fn ok(body: &str) -> Then {
    Then::Answer(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()))
}

fn redirect(status: u16, to: &str) -> Then {
    Then::Answer(format!("HTTP/1.1 {status} Elsewhere\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n"))
}

fn net(resolver: Arc<dyn Resolver>, allow: &[&str], trusted: Option<&str>) -> Arc<dyn Net> {
    let allow: Vec<Network> = allow.iter().map(|network| Network::parse(network).expect(network)).collect();
    let made = GuardedNet::new(NetOptions { resolver, ..NetOptions::default() }).expect("the defaults are good");
    made.for_account(&allow, trusted)
}

fn get(url: impl Into<String>) -> NetRequest {
    NetRequest::new(Method::GET, url)
}

fn post(url: impl Into<String>, body: &'static str) -> NetRequest {
    NetRequest { body: Bytes::from_static(body.as_bytes()), ..NetRequest::new(Method::POST, url) }
}

async fn text(net: &dyn Net, request: NetRequest) -> String {
    let NetAnswer { status, body, .. } = net.call(request).await.expect("an answer");
    format!("{status} {}", String::from_utf8_lossy(&body))
}

/// One per line: an address, a tab, `forbidden` or `unknown`.
const URLS: &str = include_str!("url_vectors.tsv");

fn url_vectors() -> Vec<(&'static str, &'static str)> {
    let lines = URLS.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(|line| line.split_once('\t').expect(line)).collect()
}

/// Names that lead inside.
fn inside_names() -> Arc<Names> {
    Names::with(&[
        ("localhost", &[&["127.0.0.1", "::1"]]),
        ("localhost.", &[&["127.0.0.1"]]),
        ("inside.example", &[&["10.0.0.1"]]),
        ("metadata.example", &[&["169.254.169.254"]]),
        ("six.example", &[&["fd00::1"]]),
        ("mapped.example", &[&["::ffff:127.0.0.1"]]),
        ("nat64.example", &[&["64:ff9b::7f00:1"]]),
        ("shared.example", &[&["100.64.0.1"]]),
        ("zero.example", &[&["0.0.0.0", "::"]]),
        ("both.example", &[&["192.168.0.1", "fe80::1"]]),
        ("xn--bcher-kva.example", &[&["192.168.1.1"]]),
        ("xn--r8jz45g.example", &[&["10.1.2.3"]]),
    ])
}

#[tokio::test]
async fn every_spelling_of_a_forbidden_address_is_refused() {
    let net = net(inside_names(), &[], None);
    let vectors = url_vectors();
    assert!(vectors.len() >= 170, "only {} vectors", vectors.len());
    let mut wrong = Vec::new();
    for (url, verdict) in vectors {
        let error = net.call(post(url, "secret")).await.expect_err(url);
        assert!(error.certainly_not_sent(), "{url}: {error}");
        if matches!(error, NetError::Forbidden(_)) != (verdict == "forbidden") {
            wrong.push(format!("{url} is not {verdict}: {error}"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[tokio::test]
async fn no_redirect_leads_where_a_call_may_not_go() {
    let next = Arc::new(Mutex::new(String::new()));
    let to = Arc::clone(&next);
    let server = serve("127.0.0.9", move |_| redirect(302, &to.lock().expect("no test panics holding it"))).await;
    let net = net(inside_names(), &["127.0.0.9"], None);
    for (url, _) in url_vectors().into_iter().filter(|(url, _)| url.starts_with("http") && url.is_ascii()) {
        *next.lock().expect("no test panics holding it") = url.to_owned();
        let outcome = net.call(NetRequest { redirects: 3, ..get(format!("http://{server}/")) }).await;
        match outcome {
            // What is no address is not followed, and what is relative leads back to the same host.
            Ok(answer) => assert_eq!(answer.status, 302, "{url}"),
            // The first host was reached, so that nothing was sent can't be claimed.
            Err(error) => assert!(matches!(error, NetError::Broken(_)), "{url}: {error}"),
        }
    }
}

#[tokio::test]
async fn a_name_that_moves_inside_is_not_followed() {
    let moves = ["127.0.0.1", "10.0.0.1", "172.16.5.5", "192.168.1.1", "169.254.169.254", "100.64.1.1", "0.0.0.0", "::1", "fd00::1"];
    let more = ["fe80::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "::127.0.0.1", "ff02::1"];
    for to in moves.into_iter().chain(more) {
        let server = serve("127.0.0.9", |request| if request.contains("/last") { Then::Close } else { ok("still outside") }).await;
        let net = net(Names::with(&[("moves.example", &[&["127.0.0.9"], &[to]])]), &["127.0.0.9"], None);
        let url = |path: &str| format!("http://moves.example:{}{path}", server.port());
        assert_eq!(text(&*net, get(url("/"))).await, "200 still outside");
        assert!(matches!(net.call(get(url("/last"))).await, Err(NetError::Broken(_))), "{to}");
        let error = net.call(post(url("/"), "secret")).await.expect_err(to);
        assert!(matches!(error, NetError::Forbidden(_)), "{to}: {error}");
    }
}

#[tokio::test]
async fn who_may_go_inside_only_goes_nowhere_else() {
    let server = serve("127.0.0.1", |_| ok("inside")).await;
    let other = serve("127.0.0.2", |_| ok("elsewhere")).await;
    let names = Names::with(&[
        ("in.example", &[&["127.0.0.1"]]),
        ("out.example", &[&["93.184.216.34"]]),
        ("both.example", &[&["93.184.216.34", "127.0.0.1"]]),
    ]);
    let factory = GuardedNet::new(NetOptions { resolver: names, ..NetOptions::default() }).expect("the defaults are good");
    let net = factory.inside(&[Network::parse("127.0.0.1/32").expect("a network")]);
    for host in ["127.0.0.1", "in.example", "both.example"] {
        assert_eq!(text(&*net, get(format!("http://{host}:{}/", server.port()))).await, "200 inside");
    }
    for url in ["http://93.184.216.34/".to_owned(), "http://out.example/".to_owned(), format!("http://{other}/")] {
        let error = net.call(post(url.clone(), "secret")).await.expect_err(&url);
        assert!(matches!(&error, NetError::Forbidden(why) if why.contains("which is")), "{url}: {error}");
    }
}

#[tokio::test]
async fn allowed_networks_and_trusted_origins_are_reached_and_nothing_beside_them() {
    let server = serve("127.0.0.1", |_| ok("hello")).await;
    let other = serve("127.0.0.1", |_| ok("other")).await;
    let names = || Names::with(&[("api.example", &[&["127.0.0.1"]]), ("two.example", &[&["10.0.0.1", "127.0.0.1"]])]);
    let allowing = net(names(), &["127.0.0.0/8"], None);
    assert_eq!(text(&*allowing, get(format!("http://{server}/"))).await, "200 hello");
    assert_eq!(text(&*allowing, get(format!("http://api.example:{}/", server.port()))).await, "200 hello");
    assert_eq!(text(&*allowing, get(format!("http://two.example:{}/", server.port()))).await, "200 hello");
    let trusting = net(names(), &[], Some(&format!("http://{server}/prefix")));
    assert_eq!(text(&*trusting, get(format!("http://{server}/"))).await, "200 hello");
    for url in [format!("http://{other}/"), format!("https://{server}/"), format!("http://api.example:{}/", server.port())] {
        let error = trusting.call(get(url.clone())).await.expect_err(&url);
        assert!(matches!(error, NetError::Forbidden(_)), "{url}: {error}");
    }
    let by_name = net(names(), &[], Some(&format!("http://api.example:{}", server.port())));
    assert_eq!(text(&*by_name, get(format!("http://API.example:{}/x", server.port()))).await, "200 hello");
}

#[tokio::test]
async fn a_name_is_judged_anew_for_each_connection_and_never_in_between() {
    let server = serve("127.0.0.2", |request| if request.contains("/last") { Then::Close } else { ok("two") }).await;
    let names = Names::with(&[("moves.example", &[&["127.0.0.2"], &["127.0.0.1"]])]);
    let net = net(names, &["127.0.0.2"], None);
    let url = |path: &str| format!("http://moves.example:{}{path}", server.port());
    assert_eq!(text(&*net, get(url("/"))).await, "200 two");
    assert_eq!(text(&*net, get(url("/"))).await, "200 two");
    assert!(matches!(net.call(get(url("/last"))).await, Err(NetError::Broken(_))));
    let error = net.call(get(url("/"))).await.expect_err("the name moved");
    assert!(matches!(&error, NetError::Forbidden(why) if why.contains("loopback")), "{error}");
}

#[tokio::test]
async fn one_account_does_not_ride_on_anothers_connection() {
    let server = serve("127.0.0.1", |_| ok("mine")).await;
    let names = Names::with(&[("api.example", &[&["127.0.0.1"]])]);
    let factory = GuardedNet::new(NetOptions { resolver: names, ..NetOptions::default() }).expect("the defaults are good");
    let url = format!("http://api.example:{}/", server.port());
    let one = factory.for_account(&[Network::parse("127.0.0.0/8").expect("a network")], None);
    assert_eq!(text(&*one, get(url.clone())).await, "200 mine");
    for other in [factory.for_account(&[], None), factory.for_account(&[Network::parse("10.0.0.0/8").expect("a network")], None)] {
        assert!(matches!(other.call(get(url.clone())).await, Err(NetError::Forbidden(_))));
    }
}

fn with_secrets(mut request: NetRequest, redirects: u8) -> NetRequest {
    request.redirects = redirects;
    request.headers = HeaderMap::from_iter([
        (header::AUTHORIZATION, "Bearer secret".parse().expect("a value")),
        (header::HeaderName::from_static("x-api-key"), "secret".parse().expect("a value")),
        (header::ACCEPT, "image/*".parse().expect("a value")),
    ]);
    request
}

#[tokio::test]
async fn redirects_are_judged_and_carry_no_credentials_elsewhere() {
    let echo = |request: &str| ok(&request.to_lowercase());
    let elsewhere = serve("127.0.0.1", echo).await;
    let port = elsewhere.port();
    let first = serve("127.0.0.1", move |request| {
        let path = request.split(' ').nth(1).unwrap_or_default();
        match path {
            "/here" => redirect(302, "/echo"),
            "/elsewhere" => redirect(302, &format!("http://127.0.0.1:{port}/echo")),
            "/kept" => redirect(307, "/echo"),
            "/kept-elsewhere" => redirect(307, &format!("http://127.0.0.1:{port}/echo")),
            "/loop" => redirect(302, "/loop"),
            "/inside" => redirect(302, "http://10.0.0.1/"),
            "/file" => redirect(302, "file:///etc/passwd"),
            "/user" => redirect(302, &format!("http://user:pw@127.0.0.1:{port}/")),
            "/refused" => redirect(302, "http://127.0.0.1:1/"),
            _ => ok(&request.to_lowercase()),
        }
    })
    .await;
    let net = net(Names::with(&[]), &["127.0.0.0/8"], None);
    let url = |path: &str| format!("http://{first}{path}");

    let same = text(&*net, with_secrets(get(url("/here")), 1)).await;
    assert!(same.contains("bearer secret") && same.contains("x-api-key"), "{same}");
    let other = text(&*net, with_secrets(get(url("/elsewhere")), 1)).await;
    assert!(!other.contains("secret") && other.contains("accept: image/*"), "{other}");
    let turned = text(&*net, with_secrets(post(url("/here"), "body-text"), 1)).await;
    assert!(turned.starts_with("200 get /echo") && !turned.contains("body-text"), "{turned}");
    let kept = text(&*net, with_secrets(post(url("/kept"), "body-text"), 1)).await;
    assert!(kept.starts_with("200 post /echo") && kept.ends_with("body-text"), "{kept}");
    // A body goes to no other host than it was written for; a redirect too many is an answer like any other.
    assert_eq!(text(&*net, with_secrets(post(url("/kept-elsewhere"), "body-text"), 1)).await, "307 ");
    assert_eq!(text(&*net, get(url("/here"))).await, "302 ");
    assert_eq!(text(&*net, with_secrets(get(url("/loop")), 5)).await, "302 ");
    // The first host got the request, so none of these may claim that nothing was sent.
    for path in ["/inside", "/file", "/user", "/refused"] {
        let error = net.call(with_secrets(post(url(path), "x"), 3)).await.expect_err(path);
        assert!(matches!(error, NetError::Broken(_)) && !error.certainly_not_sent(), "{path}: {error}");
    }
}

#[tokio::test]
async fn answers_are_bounded() {
    let server = serve("127.0.0.1", |request| match request.split(' ').nth(1) {
        Some("/announced") => Then::Answer("HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n".to_owned()),
        Some("/chunked") => {
            Then::Answer(format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{}", "a\r\n0123456789\r\n".repeat(20)))
        }
        _ => ok(&"x".repeat(100)),
    })
    .await;
    let net = net(Names::with(&[]), &["127.0.0.0/8"], None);
    let bounded = |path: &str| NetRequest { max_answer_bytes: 100, ..get(format!("http://{server}{path}")) };
    assert_eq!(text(&*net, bounded("/fits")).await.len(), 104);
    for path in ["/announced", "/chunked"] {
        assert_eq!(net.call(bounded(path)).await.expect_err(path), NetError::TooLarge(100));
    }
    // Who wants the beginning only gets that, and no more is read.
    let beginning = net.call(NetRequest { cut_answer: true, ..bounded("/chunked") }).await.expect("an answer");
    assert_eq!((beginning.status, beginning.body.len()), (200, 100));
}

/// A resolver that never answers.
struct Silent;

impl Resolver for Silent {
    fn resolve<'a>(&'a self, _name: &'a str) -> Resolving<'a> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn errors_say_truly_whether_something_was_sent() {
    let hanging = serve("127.0.0.1", |_| Then::Hang).await;
    let closing = serve("127.0.0.1", |_| Then::Close).await;
    let cut = serve("127.0.0.1", |_| Then::Answer("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf".to_owned())).await;
    let reachable = net(Names::with(&[]), &["127.0.0.0/8"], None);

    let slow = NetRequest { timeout_ms: 500, ..post(format!("http://{hanging}/"), "x") };
    assert_eq!(reachable.call(slow).await.expect_err("it hangs"), NetError::Timeout(500));
    let half = NetRequest { timeout_ms: 500, ..post(format!("http://{cut}/"), "x") };
    assert_eq!(reachable.call(half).await.expect_err("half an answer"), NetError::Timeout(500));
    let broken = reachable.call(post(format!("http://{closing}/"), "x")).await.expect_err("it closes");
    assert!(matches!(broken, NetError::Broken(_)), "{broken}");
    // Port 1 of the loopback interface refuses.
    let refused = reachable.call(post("http://127.0.0.1:1/", "x")).await.expect_err("nobody listens");
    assert!(matches!(refused, NetError::NoConnection(_)), "{refused}");
    let unknown = reachable.call(post("http://unknown.example/", "x")).await.expect_err("no such name");
    assert!(matches!(&unknown, NetError::NoConnection(why) if why.contains("does not exist")), "{unknown}");
    let stuck = net(Arc::new(Silent), &[], None);
    let unresolved = stuck.call(NetRequest { timeout_ms: 20, ..post("http://slow.example/", "x") }).await.expect_err("no address");
    assert!(matches!(unresolved, NetError::NoConnection(_)), "{unresolved}");
    // Without a body nothing tells how far the call came: the doubt counts as sent.
    let doubt = stuck.call(NetRequest { timeout_ms: 20, ..get("http://slow.example/") }).await.expect_err("no address");
    assert_eq!(doubt, NetError::Timeout(20));
}

#[tokio::test]
async fn connections_are_kept_and_bodies_carry_their_length() {
    let connections = Arc::new(Mutex::new(0));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let counted = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            *counted.lock().expect("no test panics holding it") += 1;
            tokio::spawn(connection(stream, Arc::new(|request: &str| ok(&request.to_lowercase()))));
        }
    });
    let net = net(Names::with(&[]), &["127.0.0.0/8"], None);
    for _ in 0..20 {
        let echoed = text(&*net, post(format!("http://{address}/"), "twelve bytes")).await;
        assert!(echoed.contains("content-length: 12") && !echoed.contains("chunked") && echoed.ends_with("twelve bytes"), "{echoed}");
    }
    let empty = text(&*net, NetRequest::new(Method::POST, format!("http://{address}/"))).await;
    assert!(empty.contains("content-length: 0"), "{empty}");
    // A connection may return to the pool a moment after its answer was read.
    assert!(*connections.lock().expect("no test panics holding it") < 10);
}

#[test]
fn bad_certificates_of_authorities_are_named() {
    let made = GuardedNet::new(NetOptions { extra_ca_pem: b"no certificate".to_vec(), ..NetOptions::default() });
    let error = made.err().expect("that is no PEM");
    assert!(error.to_string().contains("extra_ca"), "{error}");
}
