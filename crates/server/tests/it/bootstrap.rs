//! The bootstrap file through the binary.

use crate::run::{BOOTSTRAP, Folder, Server, run, signs_in};

#[test]
fn check_names_every_problem_with_its_line() {
    let folder = Folder::new();
    let good = folder.write("good.toml", BOOTSTRAP);
    let found = run(&["check", "--bootstrap", &good]);
    assert!(found.code == Some(0) && found.text.contains("no problems"), "{}", found.text);

    let password = BOOTSTRAP.lines().find_map(|line| line.strip_prefix("password = ")).expect("the file has a password");
    let weak = folder.write("weak.toml", &BOOTSTRAP.replace(password, "\"hunter2\""));
    let found = run(&["check", "--bootstrap", &weak]);
    assert_eq!(found.code, Some(0));
    assert!(found.text.contains("is weak, and taken all the same") && found.text.contains("advice"), "{}", found.text);
    assert!(!found.text.contains("hunter2"), "{}", found.text);

    let bad = BOOTSTRAP
        .replace("Europe/Berlin", "Mars/Olympus")
        .replace("administrator", "boss")
        .replace("t0ken\"", "t0ken\"\nsecret = \"hush\"");
    let bad = folder.write("bad.toml", &bad);
    let found = run(&["check", "--bootstrap", &bad]);
    assert_eq!(found.code, Some(1));
    for place in ["bad.toml:4: account.timezone", "bad.toml:13: account.user.profile", "bad.toml:28: account.source.credentials.secret"] {
        assert!(found.text.contains(place), "{place} is not in\n{}", found.text);
    }
    assert!(!found.text.contains("hush"), "{}", found.text);
    assert_eq!(run(&["check"]).code, Some(1));
    assert_eq!(run(&["check", "--bootstrap", &folder.name("none.toml")]).code, Some(1));

    let config = folder.write("config.toml", "[server]\nno_such_key = 1\nlisten = \"here\"\n");
    let found = run(&["check", "--config", &config]);
    assert_eq!(found.code, Some(1));
    assert!(
        found.text.contains("config.toml:2: server.no_such_key") && found.text.contains("config.toml:3: server.listen"),
        "{}",
        found.text
    );
}

#[test]
fn a_bad_file_keeps_the_server_from_starting() {
    let folder = Folder::new();
    let bad = folder.write("bad.toml", &BOOTSTRAP.replace("twilio_sms", "pigeon_post"));
    let start = run(&["serve", "--data", &folder.name("data"), "--listen", "127.0.0.1:0", "--bootstrap", &bad]);
    assert_eq!(start.code, Some(1));
    assert!(start.text.contains("bad.toml:22: account.source.channel: there is no channel `pigeon_post`"), "{}", start.text);
}

#[test]
fn a_changed_password_survives_a_restart() {
    let folder = Folder::new();
    let data = folder.path("data");
    let bootstrap = folder.write("bootstrap.toml", BOOTSTRAP);
    let server = Server::start(&data, &["--bootstrap", &bootstrap]);
    assert!(signs_in(&server, "acme", "agent1", "correct-horse-9A"));
    assert_eq!(server.end(), Some(0));
    let set = crate::run::run_with_input(
        &["user", "set-password", "--account", "acme", "--login", "agent1", "--password-stdin", "--data", &folder.name("data")],
        "battery-staple-7B\n",
    );
    assert_eq!(set.code, Some(0), "{}", set.text);
    let server = Server::start(&data, &["--bootstrap", &bootstrap]);
    assert!(signs_in(&server, "acme", "agent1", "battery-staple-7B"));
    assert!(!signs_in(&server, "acme", "agent1", "correct-horse-9A"));
}
