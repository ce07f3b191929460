//! The data folder: who may have it, which key opens it, which program may read it, and how it is copied.

use crate::run::{BOOTSTRAP, Folder, Server, run, signs_in};
use std::os::unix::fs::PermissionsExt;

#[test]
fn a_second_process_is_refused_and_told_who_has_the_folder() {
    let folder = Folder::new();
    let data = folder.path("data");
    let server = Server::start(&data, &[]);
    let second = run(&["serve", "--data", &folder.name("data"), "--listen", "127.0.0.1:0"]);
    assert_eq!(second.code, Some(1), "{}", second.text);
    assert!(second.text.contains(&format!("process {}", server.pid())), "{}", second.text);
    assert_eq!(server.get("/readyz").0, 200);
    let mode = std::fs::metadata(data.join("master.key")).expect("it was made").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn an_older_program_refuses_newer_data() {
    let folder = Folder::new();
    let data = folder.path("data");
    assert_eq!(Server::start(&data, &[]).end(), Some(0));
    // What a migration of a later version leaves.
    let database = rusqlite::Connection::open(data.join("antiphon.db")).expect("ours");
    let (newest, names): (i64, String) = database
        .query_row(
            "SELECT max(version), (SELECT group_concat(name) FROM pragma_table_info('refinery_schema_history')) FROM refinery_schema_history",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .expect("the list of migrations");
    assert_eq!(names, "version,name,applied_on,checksum");
    database
        .execute("INSERT INTO refinery_schema_history VALUES (?1, 'later', '2030-01-01T00:00:00Z', '1')", [newest + 1])
        .expect("it can be written");
    drop(database);
    let older = run(&["serve", "--data", &folder.name("data"), "--listen", "127.0.0.1:0"]);
    assert_eq!(older.code, Some(1), "{}", older.text);
    assert!(older.text.contains(&format!("schema {}", newest + 1)) && older.text.contains("newer"), "{}", older.text);
    let doctor = run(&["doctor", "--data", &folder.name("data")]);
    assert_eq!(doctor.code, Some(1), "{}", doctor.text);
}

#[test]
fn a_missing_or_wrong_key_is_refused() {
    let folder = Folder::new();
    let data = folder.path("data");
    let bootstrap = folder.write("bootstrap.toml", BOOTSTRAP);
    assert_eq!(Server::start(&data, &["--bootstrap", &bootstrap]).end(), Some(0));
    let key = data.join("master.key");
    let good = std::fs::read_to_string(&key).expect("it was made");
    let refused = |because: &str| {
        let start = run(&["serve", "--data", &folder.name("data"), "--listen", "127.0.0.1:0"]);
        assert_eq!(start.code, Some(1), "{}", start.text);
        assert!(start.text.contains(because), "{}", start.text);
    };
    std::fs::remove_file(&key).expect("it is there");
    refused("the master key is missing");
    assert!(!key.exists(), "no second key is made");
    std::fs::write(&key, "ab".repeat(32)).expect("it can be written");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).expect("ours");
    refused("not the key that this data is sealed with");
    std::fs::remove_file(&key).expect("it is there");
    let elsewhere = folder.write("key", &good);
    std::fs::set_permissions(&elsewhere, std::fs::Permissions::from_mode(0o600)).expect("ours");
    let config = folder.write("antiphon.toml", &format!("[keys]\nmaster_key_file = \"{elsewhere}\"\n"));
    let server = Server::start(&data, &["--config", &config]);
    assert!(signs_in(&server, "acme", "admin", "correct-horse-9A"));
}

#[test]
fn a_backup_of_a_running_server_is_restored_whole() {
    let folder = Folder::new();
    let data = folder.path("data");
    let bootstrap = folder.write("bootstrap.toml", BOOTSTRAP);
    let server = Server::start(&data, &["--bootstrap", &bootstrap]);
    std::fs::create_dir_all(data.join("files/acme")).expect("ours");
    std::fs::write(data.join("files/acme/photo.jpg"), "a photo").expect("it can be written");
    let backup = run(&["backup", &folder.name("copy"), "--data", &folder.name("data")]);
    assert_eq!(backup.code, Some(0), "{}", backup.text);
    assert!(backup.text.contains("master key is not included"), "{}", backup.text);
    assert!(!folder.path("copy/master.key").exists());
    assert_eq!(run(&["backup", &folder.name("copy"), "--data", &folder.name("data")]).code, Some(1), "the folder is not empty");
    assert_eq!(server.end(), Some(0));

    let restore = run(&["restore", &folder.name("copy"), "--data", &folder.name("new")]);
    assert_eq!(restore.code, Some(0), "{}", restore.text);
    assert!(restore.text.contains("master key"), "{}", restore.text);
    let again = run(&["restore", &folder.name("copy"), "--data", &folder.name("new")]);
    assert!(again.code == Some(1) && again.text.contains("not empty"), "{}", again.text);
    let none = run(&["restore", &folder.name("data"), "--data", &folder.name("other")]);
    assert!(none.code == Some(1) && none.text.contains("is no backup"), "{}", none.text);
    assert_eq!(std::fs::read_to_string(folder.path("new/files/acme/photo.jpg")).expect("restored"), "a photo");

    let without_key = run(&["serve", "--data", &folder.name("new"), "--listen", "127.0.0.1:0"]);
    assert!(without_key.code == Some(1) && without_key.text.contains("master key is missing"), "{}", without_key.text);
    std::fs::copy(data.join("master.key"), folder.path("new/master.key")).expect("it can be copied");
    let server = Server::start(&folder.path("new"), &[]);
    assert!(signs_in(&server, "acme", "agent1", "correct-horse-9A"));
}

#[cfg(feature = "s3")]
#[test]
fn files_may_lie_in_a_bucket_which_doctor_tries_and_backup_names() {
    use antiphon_testkit::bucket::{BUCKET, Bucket, KEY_ID, REGION, SECRET};
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let bucket = runtime.block_on(Bucket::start());
    let folder = Folder::new();
    let (data, secret) = (folder.path("data"), folder.write("secret", &format!("{SECRET}\n")));
    let config = |secret: &str| {
        format!(
            "[files]\nstore = \"s3\"\ns3_bucket = \"{BUCKET}\"\ns3_region = \"{REGION}\"\ns3_prefix = \"ours\"\ns3_endpoint = \"{}\"\n\
             s3_allow_http = true\ns3_access_key_id = \"{KEY_ID}\"\ns3_secret_access_key_file = \"{secret}\"\n",
            bucket.endpoint()
        )
    };
    let good = folder.write("good.toml", &config(&secret));
    let server = Server::start(&data, &["--config", &good]);
    let doctor = run(&["doctor", "--data", &folder.name("data"), "--config", &good]);
    assert!(doctor.text.contains("ok    files: can be written, read and deleted"), "{}", doctor.text);
    assert_eq!((bucket.keys(), bucket.refused()), (Vec::new(), 0), "nothing stays behind");
    let backup = run(&["backup", &folder.name("copy"), "--data", &folder.name("data"), "--config", &good]);
    assert!(backup.code == Some(0) && backup.text.contains(&format!("s3://{BUCKET}/ours")), "{}", backup.text);
    assert_eq!(server.end(), Some(0));

    let wrong = folder.write("wrong", "another-secret-altogether");
    let bad = folder.write("bad.toml", &config(&wrong));
    let doctor = run(&["doctor", "--data", &folder.name("data"), "--config", &bad]);
    assert_eq!(doctor.code, Some(1), "{}", doctor.text);
    assert!(doctor.text.contains("BAD   files: nothing can be written"), "{}", doctor.text);
    assert!(!doctor.text.contains("another-secret-altogether") && !doctor.text.contains(SECRET), "{}", doctor.text);
    // A bucket that does not answer costs files, not the server.
    let server = Server::start(&data, &["--config", &bad]);
    assert_eq!(server.get("/readyz").0, 200);
    // A folder of files can't be restored into a bucket.
    std::fs::create_dir_all(folder.path("copy/files")).expect("ours");
    let restore = run(&["restore", &folder.name("copy"), "--data", &folder.name("new"), "--config", &good]);
    assert!(restore.code == Some(1) && restore.text.contains("files.store is a bucket"), "{}", restore.text);
}
