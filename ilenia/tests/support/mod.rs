//! Runs the real binary with an environment of its own, and ends it.
#![allow(dead_code, missing_docs, unreachable_pub)] // each test file uses its part
#![allow(clippy::disallowed_methods)] // real processes run on real time

pub mod person;

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

pub const API_KEY: &str = "key-of-tests";
pub const API_SECRET: &str = "secret-of-tests-that-is-long-enough";

/// `ilenia` without any variable of ours; the rest of the environment stays.
pub fn ilenia(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ilenia"));
    for (name, _) in std::env::vars() {
        if ["LIVEKIT_", "HF_", "ILENIA_", "INFERENCE_"].iter().any(|prefix| name.starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    command.args(arguments).stdin(Stdio::null());
    if let Some(server) = std::env::var_os("LIVEKIT_SERVER_BIN") {
        command.env("LIVEKIT_SERVER_BIN", server);
    }
    command
}

pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// Runs it to its end.
pub fn run(command: &mut Command) -> Ended {
    let Output { status, stdout, stderr } = command.output().expect("ilenia runs");
    let text = |bytes| String::from_utf8(bytes).expect("utf-8");
    Ended { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
}

/// Runs it and expects it to fail: with this exit code, all of these words on standard error, and no panic.
pub fn assert_fails(command: &mut Command, code: i32, words: &[&str]) {
    let ended = run(command);
    assert_eq!(ended.code, Some(code), "{}", ended.stderr);
    for word in words {
        assert!(ended.stderr.contains(word), "{word:?} is not in: {}", ended.stderr);
    }
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
}

pub fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).expect("a port").local_addr().expect("an address").port()
}

/// A running `ilenia`; killed when dropped.
pub struct Running {
    child: Child,
    lines: mpsc::Receiver<String>,
    seen: Vec<String>,
}

impl Running {
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("ilenia starts");
        let (sender, lines) = mpsc::channel();
        let (out, err) = (child.stdout.take().expect("piped"), child.stderr.take().expect("piped"));
        let forward = |pipe: Box<dyn std::io::Read + Send>, sender: mpsc::Sender<String>| {
            std::thread::spawn(move || {
                for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                    let _test_over = sender.send(line);
                }
            })
        };
        forward(Box::new(out), sender.clone());
        forward(Box::new(err), sender);
        Self { child, lines, seen: Vec::new() }
    }

    pub fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id() as i32).expect("a process")
    }

    /// Waits for a line that has these words.
    pub fn wait_for(&mut self, words: &str, within: Duration) -> String {
        let deadline = Instant::now() + within;
        while let Ok(line) = self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            self.seen.push(line.clone());
            if line.contains(words) {
                return line;
            }
        }
        panic!("{words:?} did not come within {within:?}:\n{}", self.seen.join("\n"));
    }

    /// Everything it wrote so far.
    pub fn seen(&self) -> String {
        self.seen.join("\n")
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("signalled");
    }

    /// Its exit code; `None` when a signal ended it.
    pub fn wait(&mut self, within: Duration) -> Option<i32> {
        let deadline = Instant::now() + within;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait().expect("waits") {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        self.seen.extend(self.lines.try_iter());
        panic!("did not end within {within:?}:\n{}", self.seen.join("\n"));
    }

    /// The processes it started.
    pub fn children(&self) -> Vec<Pid> {
        let pid = self.child.id();
        let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).expect("threads");
        tasks
            .flatten()
            .filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok())
            .flat_map(|children| {
                children.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<i32>>()
            })
            .filter_map(Pid::from_raw)
            .collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

/// Waits until a process is gone.
pub fn wait_until_gone(pid: Pid, within: Duration) {
    let deadline = Instant::now() + within;
    while test_kill_process(pid).is_ok() {
        assert!(Instant::now() < deadline, "process {pid:?} is still there");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Status and body of `GET http://127.0.0.1:port/path`; 0 when nobody answers.
pub fn get(port: u16, path: &str) -> (u16, String) {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return (0, String::new()) };
    let request = format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    let _broken_off = stream.read_to_string(&mut answer);
    let status = answer.get(9..12).and_then(|status| status.parse().ok()).unwrap_or_default();
    (status, answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default())
}

/// Waits until a condition holds.
pub fn until(what: &str, within: Duration, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + within;
    while !condition() {
        assert!(Instant::now() < deadline, "not within {within:?}: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Everything on free ports: `ilenia dev` with its HTTP port and its LiveKit port.
pub fn dev(more: &[&str]) -> (Running, u16, u16) {
    let (http, livekit) = (free_port(), free_port());
    let (http_text, livekit_text) = (http.to_string(), livekit.to_string());
    let mut arguments =
        vec!["dev", "--http-port", &http_text, "--livekit-port", &livekit_text, "--any-ports"];
    arguments.extend(more);
    let command = &mut ilenia(&arguments);
    command.env("LIVEKIT_API_KEY", API_KEY).env("LIVEKIT_API_SECRET", API_SECRET);
    (Running::start(command), http, livekit)
}

/// A file of sound: a second of a tone.
pub fn tone(directory: &std::path::Path) -> PathBuf {
    let samples: Vec<i16> = (0..16_000).map(|n| if n / 40 % 2 == 0 { 3_000 } else { -3_000 }).collect();
    let path = directory.join("tone.wav");
    std::fs::write(&path, media::wav::encode_mono(&samples, 16_000)).expect("written");
    path
}
