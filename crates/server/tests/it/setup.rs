//! The first start without a bootstrap file: the one-time link.

use crate::run::{BOOTSTRAP, Folder, Server, signs_in};

fn link(server: &Server) -> String {
    let line = server.printed.iter().find(|line| line.contains("/setup?")).expect("the link is printed");
    line[line.find("/setup").expect("a path")..].to_owned()
}

fn fill(server: &Server, secret: &str, password: &str) -> (u16, String) {
    let form = format!("secret={secret}&account=acme&name=Acme&timezone=Europe%2FBerlin&login=ada&password={password}");
    server.request("POST", "/setup", "application/x-www-form-urlencoded", &form)
}

#[test]
fn the_link_makes_the_first_account_once() {
    let folder = Folder::new();
    let data = folder.path("data");
    let server = Server::start(&data, &[]);
    let path = link(&server);
    let secret = path.split_once("secret=").expect("a secret").1.to_owned();
    assert_eq!(server.get("/setup").0, 403);
    assert_eq!(server.get("/setup?secret=wrong").0, 403);
    assert_eq!(server.get(&path).0, 200);
    assert_eq!(fill(&server, "wrong", "correct-horse-9A").0, 403);
    let (status, page) = fill(&server, &secret, "weak");
    assert!(status == 422 && page.contains("at least 12 characters") && !page.contains("weak\""), "{status} {page}");
    assert_eq!(fill(&server, &secret, "correct-horse-9A").0, 200);
    assert_eq!(fill(&server, &secret, "correct-horse-9A").0, 403);
    assert!(signs_in(&server, "acme", "ada", "correct-horse-9A"));
    assert!(!signs_in(&server, "acme", "ada", "correct-horse-9B"));
    assert_eq!(server.end(), Some(0));

    let again = Server::start(&data, &[]);
    assert!(!again.printed.iter().any(|line| line.contains("/setup")), "{:?}", again.printed);
    assert!(signs_in(&again, "acme", "ada", "correct-horse-9A"));
}

#[test]
fn with_an_account_there_is_no_link() {
    let folder = Folder::new();
    let bootstrap = folder.write("bootstrap.toml", BOOTSTRAP);
    let server = Server::start(&folder.path("data"), &["--bootstrap", &bootstrap]);
    assert!(!server.printed.iter().any(|line| line.contains("/setup")), "{:?}", server.printed);
}
