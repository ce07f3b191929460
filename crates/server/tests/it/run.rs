//! Starts and ends the binary, and speaks just enough HTTP with it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use tempfile::TempDir;

/// A command of the binary, without any setting of our environment.
pub fn antiphon(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_antiphon"));
    command.args(arguments).env_clear().stdin(Stdio::null());
    command
}

/// What a command that ends by itself did.
pub struct Ended {
    /// Its exit code.
    pub code: Option<i32>,
    /// What it printed, both streams.
    pub text: String,
}

/// Runs a command to its end.
pub fn run(arguments: &[&str]) -> Ended {
    ended(antiphon(arguments).output().expect("the binary was built"))
}

/// Runs a command with something on its standard input.
pub fn run_with_input(arguments: &[&str], input: &str) -> Ended {
    let mut command = antiphon(arguments);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary was built");
    child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("it reads");
    ended(child.wait_with_output().expect("it ends"))
}

fn ended(output: Output) -> Ended {
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    Ended { code: output.status.code(), text }
}

/// A folder that goes away, with paths in it as texts.
pub struct Folder(TempDir);

impl Folder {
    /// An empty one.
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    /// A path in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A path in it, as an argument.
    pub fn name(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// Writes a file in it and gives its name.
    pub fn write(&self, name: &str, text: &str) -> String {
        std::fs::write(self.path(name), text).expect("it can be written");
        self.name(name)
    }
}

/// A running server; killed when it is dropped.
pub struct Server {
    child: Child,
    /// Its address without scheme.
    pub http: String,
    /// Its HTTPS address without scheme.
    pub https: Option<String>,
    /// What it printed before it listened.
    pub printed: Vec<String>,
}

impl Server {
    /// Starts `serve` on a data folder and waits until it listens.
    pub fn start(data: &Path, more: &[&str]) -> Self {
        Self::command("serve", data, more)
    }

    /// Starts a command that serves, and waits until it listens.
    pub fn command(command: &str, data: &Path, more: &[&str]) -> Self {
        let data = data.display().to_string();
        let mut arguments = vec![command, "--data", &data, "--listen", "127.0.0.1:0"];
        arguments.extend(more);
        let mut child = antiphon(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary was built");
        let wanted = if more.contains(&"--tls-listen") { 2 } else { 1 };
        let (mut printed, mut http, mut https) = (Vec::new(), None, None);
        for line in BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok) {
            match line.strip_prefix("listening ").map(|rest| rest.split_once("://").expect("a scheme")) {
                Some(("http", address)) => http = Some(address.to_owned()),
                Some((_, address)) => https = Some(address.to_owned()),
                None => printed.push(line),
            }
            if usize::from(http.is_some()) + usize::from(https.is_some()) == wanted {
                break;
            }
        }
        let Some(http) = http else {
            let mut log = String::new();
            let _ = child.stderr.take().expect("piped").read_to_string(&mut log);
            panic!("it did not listen: {printed:?}\n{log}");
        };
        Self { child, http, https, printed }
    }

    /// Its process number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to end as a service manager does, and gives the exit code.
    pub fn end(mut self) -> Option<i32> {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().expect("kill is there");
        assert!(told.success());
        self.child.wait().expect("it ends").code()
    }

    /// Sends a request; gives the status and the body.
    pub fn request(&self, method: &str, path: &str, content_type: &str, body: &str) -> (u16, String) {
        let stream = TcpStream::connect(&self.http).expect("it listens");
        exchange(stream, &self.http, method, path, content_type, body)
    }

    /// Gets a page.
    pub fn get(&self, path: &str) -> (u16, String) {
        self.request("GET", path, "text/plain", "")
    }
}

/// One request over a stream that is closed after it.
pub fn exchange(mut stream: impl Read + Write, host: &str, method: &str, path: &str, content_type: &str, body: &str) -> (u16, String) {
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all((head + body).as_bytes()).expect("it reads");
    let mut answer = Vec::new();
    // A TLS peer that closes without saying so is no error here: the length was given.
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    (
        status.unwrap_or_else(|| panic!("no answer: {answer}")),
        answer.split_once("\r\n\r\n").map_or(String::new(), |(_, body)| body.to_owned()),
    )
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A bootstrap file with an administrator, an agent and a text-message source.
pub const BOOTSTRAP: &str = r#"[[account]]
id = "acme"
name = "Acme"
timezone = "Europe/Berlin"
default_skill = "General"

[[account.skill]]
name = "General"

[[account.user]]
login = "admin"
password = "correct-horse-9A"
profile = "administrator"

[[account.user]]
login = "agent1"
password = "correct-horse-9A"
profile = "agent"
skills = ["General"]

[[account.source]]
channel = "twilio_sms"
name = "Support line"
address = "+15005550006"
[account.source.credentials]
account_sid = "AC0123"
auth_token = "t0ken"
"#;

/// Whether somebody can sign in, over the published log-in.
pub fn signs_in(server: &Server, account: &str, login: &str, password: &str) -> bool {
    let body = format!("{{\"username\":\"{login}\",\"password\":\"{password}\"}}");
    let (status, text) = server.request("POST", &format!("/api/account/{account}/login?v=1.3"), "application/json", &body);
    assert!(matches!(status, 200 | 401), "{status} {text}");
    status == 200
}
