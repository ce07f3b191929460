//! The other commands: accounts and users, doctor, demo, and the end by a signal.

use crate::run::{BOOTSTRAP, Folder, Server, run, run_with_input, signs_in};

#[test]
fn accounts_and_users_are_made_on_the_command_line() {
    let folder = Folder::new();
    let data = folder.name("data");
    let made = run(&["account", "create", "--id", "acme", "--name", "Acme", "--timezone", "Europe/Berlin", "--data", &data]);
    assert_eq!(made.code, Some(0), "{}", made.text);
    let again = run(&["account", "create", "--id", "acme", "--data", &data]);
    assert!(again.code == Some(1) && again.text.contains("there is an account acme already"), "{}", again.text);
    let bad = run(&["account", "create", "--id", "a b", "--data", &data]);
    assert!(bad.code == Some(1) && bad.text.contains("--id"), "{}", bad.text);

    let create = |login: &str, more: &[&str], input: &str| {
        let mut arguments = vec!["user", "create", "--account", "acme", "--login", login, "--data", &data];
        arguments.extend(more);
        run_with_input(&arguments, input)
    };
    let ada = create("ada", &["--profile", "administrator", "--skill", "General", "--password-stdin"], "correct-horse-9A\n");
    assert_eq!(ada.code, Some(0), "{}", ada.text);
    assert!(!ada.text.contains("correct-horse"), "{}", ada.text);
    let bob = create("bob", &[], "");
    assert_eq!(bob.code, Some(0), "{}", bob.text);
    let password = bob.text.lines().find_map(|line| line.strip_prefix("password: ")).expect("one is made up").to_owned();
    for (login, more, input, problem) in [
        ("eve", &["--password-stdin"][..], "weak\n", "too weak"),
        ("eve", &["--profile", "boss"], "", "there is no profile `boss`"),
        ("eve", &["--skill", "Sales"], "", "there is no skill `Sales`"),
        ("ADA", &[], "", "there is a user ADA already"),
    ] {
        let refused = create(login, more, input);
        assert!(refused.code == Some(1) && refused.text.contains(problem), "{problem}: {}", refused.text);
    }
    let server = Server::start(&folder.path("data"), &[]);
    assert!(signs_in(&server, "acme", "ada", "correct-horse-9A"));
    assert!(signs_in(&server, "acme", "bob", &password));
    let locked = run(&["user", "unlock", "--account", "acme", "--login", "ada", "--data", &data]);
    assert!(locked.code == Some(1) && locked.text.contains("in use by process"), "{}", locked.text);
}

#[test]
fn a_locked_user_is_unlocked() {
    let folder = Folder::new();
    let data = folder.path("data");
    let bootstrap = folder.write("bootstrap.toml", BOOTSTRAP);
    let server = Server::start(&data, &["--bootstrap", &bootstrap]);
    for _ in 0..10 {
        assert!(!signs_in(&server, "acme", "agent1", "wrong-password-1A"));
    }
    assert!(!signs_in(&server, "acme", "agent1", "correct-horse-9A"), "ten failures lock");
    assert_eq!(server.end(), Some(0));
    let unlocked = run(&["user", "unlock", "--account", "acme", "--login", "agent1", "--data", &folder.name("data")]);
    assert_eq!(unlocked.code, Some(0), "{}", unlocked.text);
    let nobody = run(&["user", "unlock", "--account", "acme", "--login", "nobody", "--data", &folder.name("data")]);
    assert!(nobody.code == Some(1) && nobody.text.contains("no user `nobody`"), "{}", nobody.text);
    let server = Server::start(&data, &[]);
    assert!(signs_in(&server, "acme", "agent1", "correct-horse-9A"));
}

#[test]
fn the_probes_answer_and_a_signal_ends_it_with_success() {
    let folder = Folder::new();
    let server = Server::start(&folder.path("data"), &["--log", "json"]);
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(server.get(path).0, 200, "{path}");
    }
    assert!(server.get("/metrics").1.contains("antiphon_connections_total"));
    assert_eq!(server.end(), Some(0));
}

#[test]
fn with_too_little_disk_it_is_not_ready() {
    let folder = Folder::new();
    let config = folder.write("antiphon.toml", "[storage]\nmin_free_mib = 1000000000\n");
    let server = Server::start(&folder.path("data"), &["--config", &config]);
    assert_eq!(server.get("/healthz").0, 200);
    let (status, text) = server.get("/readyz");
    assert!(status == 503 && text.contains("MiB are free"), "{status} {text}");
    let doctor = run(&["doctor", "--config", &config, "--data", &folder.name("data")]);
    assert!(doctor.code == Some(1) && doctor.text.contains("BAD   disk space"), "{}", doctor.text);
}

#[test]
fn doctor_looks_at_everything_while_the_server_runs_and_when_not() {
    let folder = Folder::new();
    let data = folder.path("data");
    let bootstrap = folder.write("bootstrap.toml", BOOTSTRAP);
    let server = Server::start(&data, &["--bootstrap", &bootstrap]);
    let all = ["configuration", "store", "disk space", "master key", "keys beside data", "clock", "certificate", "source Support line"];
    let running = run(&["doctor", "--data", &folder.name("data")]);
    assert_eq!(running.code, Some(0), "{}", running.text);
    assert!(running.text.contains(&format!("process {}", server.pid())), "{}", running.text);
    assert_eq!(server.end(), Some(0));
    let stopped = run(&["doctor", "--data", &folder.name("data")]);
    assert_eq!(stopped.code, Some(0), "{}", stopped.text);
    for what in all {
        assert!(running.text.contains(what) && stopped.text.contains(what), "{what}\n{}\n{}", running.text, stopped.text);
    }
    assert!(std::fs::read_dir(&data).expect("ours").flatten().all(|entry| !entry.file_name().to_string_lossy().starts_with(".doctor")));
    let config = folder.write("antiphon.toml", "[server]\nnonsense = 1\n");
    let bad = run(&["doctor", "--config", &config, "--data", &folder.name("data")]);
    assert!(bad.code == Some(1) && bad.text.contains("server.nonsense"), "{}", bad.text);
}

#[test]
fn the_demo_serves_phones_and_refuses_what_is_not_its_own() {
    let folder = Folder::new();
    let demo = Server::command("demo", &folder.path("demo"), &[]);
    let printed = demo.printed.join("\n");
    for word in ["agent1", "agent2", "manager", "admin", "/simulators"].into_iter().chain(antiphon_simulators::channels()) {
        assert!(printed.contains(word), "{word} is not in\n{printed}");
    }
    assert_eq!(demo.get("/simulators").0, 200);
    assert!(signs_in(&demo, "demo", "agent1", "correct-horse-9A"));
    assert_eq!(demo.end(), Some(0));

    let bootstrap = folder.write("bootstrap.toml", BOOTSTRAP);
    assert_eq!(Server::start(&folder.path("real"), &["--bootstrap", &bootstrap]).end(), Some(0));
    let real = run(&["demo", "--data", &folder.name("real"), "--listen", "127.0.0.1:0"]);
    assert!(real.code == Some(1) && real.text.contains("holds the account acme"), "{}", real.text);
    let public = run(&["demo", "--data", &folder.name("other"), "--listen", "0.0.0.0:0"]);
    assert!(public.code == Some(1) && public.text.contains("--allow-public-demo"), "{}", public.text);
    assert!(!folder.path("other").exists());
}
