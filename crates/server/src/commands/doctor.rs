//! `antiphon doctor`: looks at everything that keeps an installation healthy, and leaves everything as it was.

use crate::adapters::lock::DataLock;
use crate::adapters::{SystemClock, disk, files, master_key};
use crate::cli::say;
use crate::config::{Config, Keys};
use crate::document::Problems;
use crate::paths;
use crate::serve::OpenData;
use crate::tls;
use antiphon_app::ports::{Clock, Store};
use antiphon_domain::Timestamp;
use antiphon_domain::source::HealthState;
use antiphon_store::sqlite;
use std::process::ExitCode;

/// Before that, no version of this program existed: a clock that says so is wrong.
const EARLIEST: Timestamp = Timestamp(1_767_225_600_000);
const DAY_MS: i64 = 24 * 3600 * 1000;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Fine,
    Warn,
    Bad,
}

/// What was found so far.
#[derive(Default)]
struct Report {
    bad: bool,
}

impl Report {
    fn say(&mut self, verdict: Verdict, what: &str, found: &str) {
        let mark = match verdict {
            Verdict::Fine => "ok  ",
            Verdict::Warn => "warn",
            Verdict::Bad => "BAD ",
        };
        self.bad |= verdict == Verdict::Bad;
        say(&format!("{mark}  {what}: {found}"));
    }
}

/// Reports on everything; exit code 1 when something is bad.
///
/// # Errors
/// Never: what goes wrong is what is reported.
pub async fn doctor(loaded: Result<Config, Problems>) -> anyhow::Result<ExitCode> {
    let mut report = Report::default();
    match &loaded {
        Ok(config) => {
            report.say(Verdict::Fine, "configuration", "no problems");
            clock(&mut report, config);
            let running = DataLock::holder(&config.server.data);
            room(&mut report, config);
            let usable = key(&mut report, config);
            certificate(&mut report, config);
            store(&mut report, config, running, usable).await;
            stored_files(&mut report, config).await;
        }
        Err(problems) => {
            for problem in &problems.0 {
                report.say(Verdict::Bad, "configuration", &problem.to_string());
            }
        }
    }
    Ok(if report.bad { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn clock(report: &mut Report, config: &Config) {
    let now = SystemClock::new().now();
    let written = std::fs::metadata(config.server.data.join(paths::DATABASE)).and_then(|found| found.modified()).ok();
    let written = written.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok()).and_then(|at| i64::try_from(at.as_millis()).ok());
    if now < EARLIEST {
        report.say(Verdict::Bad, "clock", "it stands before this program was written: set it, best by NTP");
    } else if written.is_some_and(|written| now.0 + 60_000 < written) {
        report.say(Verdict::Bad, "clock", "it stands before the last change of the database: it was set back; set it, best by NTP");
    } else {
        report.say(Verdict::Fine, "clock", "plausible");
    }
}

fn room(report: &mut Report, config: &Config) {
    let data = &config.server.data;
    if !data.exists() {
        report.say(Verdict::Bad, "data folder", &format!("{} does not exist; name the folder with --data", data.display()));
        return;
    }
    let least = config.storage.min_free_bytes;
    match disk::free_bytes(data) {
        Ok(free) if free < least => {
            let found = format!("only {} MiB free, storage.min_free_mib asks for {}: make room", free >> 20, least >> 20);
            report.say(Verdict::Bad, "disk space", &found);
        }
        Ok(free) if free < least.saturating_mul(8) => {
            report.say(Verdict::Warn, "disk space", &format!("{} MiB free: it is getting tight", free >> 20))
        }
        Ok(free) => report.say(Verdict::Fine, "disk space", &format!("{} MiB free", free >> 20)),
        Err(error) => report.say(Verdict::Bad, "disk space", &format!("can't be asked: {error}")),
    }
}

/// Whether files can be written, read and deleted. Without data there is no folder to try it in.
async fn stored_files(report: &mut Report, config: &Config) {
    let folder = config.files.folder(&config.server.data);
    if folder.as_ref().is_some_and(|folder| !folder.exists()) {
        return report.say(Verdict::Fine, "files", "no folder yet: it is made at the first start");
    }
    let tried = async {
        let blobs = files::open_beside(config).await.map_err(|error| format!("{error:#}"))?;
        files::probe(&*blobs).await
    };
    match tried.await {
        Ok(()) => report.say(Verdict::Fine, "files", "can be written, read and deleted"),
        Err(error) => report.say(Verdict::Bad, "files", &error),
    }
}

/// Whether the key opens the data.
fn key(report: &mut Report, config: &Config) -> bool {
    let data = &config.server.data;
    let used = data.join(master_key::CHECK).exists();
    if !used && !data.join(paths::DATABASE).exists() {
        report.say(Verdict::Warn, "master key", "there is no data yet, so no key is needed");
        return false;
    }
    if !used {
        report.say(
            Verdict::Bad,
            "master key",
            &format!("{} is missing beside the data: it can't be told whether the key is right", master_key::CHECK),
        );
        return false;
    }
    match master_key::unlock(&config.keys, data) {
        Ok(_) => report.say(Verdict::Fine, "master key", "it opens this data"),
        Err(error) => {
            report.say(Verdict::Bad, "master key", &error.to_string());
            return false;
        }
    }
    if matches!(config.keys, Keys::Data) {
        let found = "it lies beside the data: whoever copies the folder has both; keep it elsewhere (keys.master_key_file) and keep a copy";
        report.say(Verdict::Warn, "keys beside data", found);
    } else {
        report.say(Verdict::Fine, "keys beside data", "none");
    }
    true
}

fn certificate(report: &mut Report, config: &Config) {
    let authority = config.server.data.join(paths::TLS).join(tls::CA);
    let (name, path) = match &config.tls.given {
        Some((certificate, key)) => {
            if let Err(error) = tls::Certificate::given(certificate, key) {
                report.say(Verdict::Bad, "certificate", &format!("{error:#}"));
                return;
            }
            ("certificate", certificate.clone())
        }
        None if authority.exists() => ("private authority", authority),
        None => {
            report.say(Verdict::Fine, "certificate", "none: HTTPS has not been used yet");
            return;
        }
    };
    match tls::expiry(&path) {
        Ok(until) => {
            let days = until.since(SystemClock::new().now()).div_euclid(DAY_MS);
            let verdict = if days < 0 {
                Verdict::Bad
            } else if days < 21 {
                Verdict::Warn
            } else {
                Verdict::Fine
            };
            let found = if days < 0 { "has expired: renew it".to_owned() } else { format!("valid for {days} more days") };
            report.say(verdict, "certificate", &format!("{name} {}: {found}", path.display()));
        }
        Err(error) => report.say(Verdict::Bad, "certificate", &format!("{}: {error:#}", path.display())),
    }
}

async fn store(report: &mut Report, config: &Config, running: Option<String>, usable: bool) {
    let database = config.server.data.join(paths::DATABASE);
    if !database.exists() {
        report.say(Verdict::Warn, "store", "there is no database yet");
        return;
    }
    match sqlite::inspect(&database) {
        Ok((found, known)) if found > known => {
            let text = format!("the data has schema {found}, this program knows only up to {known}: run the newer program");
            report.say(Verdict::Bad, "store", &text);
            return;
        }
        Ok((found, known)) if found < known => {
            report.say(Verdict::Warn, "store", &format!("schema {found}; the next start brings it to {known}: back up before"));
            return;
        }
        Ok((found, _)) => report.say(Verdict::Fine, "store", &format!("schema {found}, readable")),
        Err(error) => {
            report.say(Verdict::Bad, "store", &error.to_string());
            return;
        }
    }
    if !usable {
        return;
    }
    // A running server has the folder: then a copy of the database is looked at.
    let copy = match running {
        None => None,
        Some(holder) => {
            report.say(Verdict::Fine, "server", &format!("process {holder} is running on this folder"));
            match copied(config) {
                Ok(copy) => Some(copy),
                Err(error) => {
                    report.say(Verdict::Warn, "sources", &format!("can't be looked at while the server runs: {error:#}"));
                    return;
                }
            }
        }
    };
    let mut looked_at = config.clone();
    if let Some(copy) = &copy {
        looked_at.server.data.clone_from(&copy.0);
        // The key itself is never copied.
        if matches!(config.keys, Keys::Data) {
            looked_at.keys = Keys::File(config.server.data.join(master_key::FILE));
        }
    }
    sources(report, &looked_at).await;
}

async fn sources(report: &mut Report, config: &Config) {
    let data = match (OpenData { existing: true }).open(config).await {
        Ok(data) => data,
        Err(error) => return report.say(Verdict::Bad, "store", &format!("{error:#}")),
    };
    match data.store.directory().await {
        Ok(rows) if rows.accounts.is_empty() => report.say(Verdict::Warn, "accounts", "there is none yet"),
        Ok(rows) => {
            for account in &rows.accounts {
                if account.sources.is_empty() {
                    report.say(Verdict::Warn, "sources", &format!("account {} has none", account.account.id));
                }
                for source in &account.sources {
                    let name = format!("source {} ({}, account {})", source.name, source.channel, account.account.id);
                    let (verdict, found) = match source.health.state {
                        _ if !source.enabled => (Verdict::Warn, "switched off"),
                        HealthState::Ok => (Verdict::Fine, "the last call worked"),
                        HealthState::Unknown => (Verdict::Fine, "nothing was sent yet"),
                        HealthState::Failing => (Verdict::Warn, "calls fail for now"),
                        HealthState::NeedsReauthorisation => (Verdict::Bad, "its credentials are dead: renew them"),
                    };
                    let message = &source.health.message;
                    report.say(verdict, &name, &if message.is_empty() { found.to_owned() } else { format!("{found}. {message}") });
                }
            }
        }
        Err(error) => report.say(Verdict::Bad, "store", &error.to_string()),
    }
    data.store.close().await;
}

/// A folder that goes with this value.
struct Copy(std::path::PathBuf);

impl Drop for Copy {
    fn drop(&mut self) {
        // What stays behind is a copy in the folder for temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Copies the database beside the data, as long as that is cheap.
fn copied(config: &Config) -> anyhow::Result<Copy> {
    const CHEAP: u64 = 1 << 30;
    let data = &config.server.data;
    let database = data.join(paths::DATABASE);
    anyhow::ensure!(std::fs::metadata(&database)?.len() < CHEAP, "the database is larger than 1 GiB; see the page Sources instead");
    let copy = Copy(data.join(format!(".doctor-{}", std::process::id())));
    std::fs::create_dir(&copy.0)?;
    sqlite::backup_file(&database, &copy.0.join(paths::DATABASE)).map_err(anyhow::Error::msg)?;
    std::fs::copy(data.join(master_key::CHECK), copy.0.join(master_key::CHECK))?;
    Ok(copy)
}
