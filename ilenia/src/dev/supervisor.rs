//! Keeps a child process running: started again when it ends, ended with us.

use std::{
    collections::VecDeque,
    io,
    process::{Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use agents::CancellationToken;
use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, BufReader},
    process::Child,
    sync::oneshot,
    time::{Instant, sleep, timeout},
};

use crate::{
    dev::http::Dependency,
    failure::{Failure, Kind},
    terminal,
};

/// How long a program may take until it is ready.
const START_WITHIN: Duration = Duration::from_secs(20);
/// How often we look.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// The first pause before a new start, doubled up to the last.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(10));
/// Who lived as long as this starts with the first pause again.
const SETTLED_AFTER: Duration = Duration::from_secs(30);
/// From the first request to end to the second, and from there to the end by force.
const GRACE: (Duration, Duration) = (Duration::from_millis(700), Duration::from_secs(3));
/// Lines of output that are kept for when it fails.
const LINES_KEPT: usize = 8;

/// A program to keep running.
pub(crate) struct Program {
    /// What people call it.
    pub(crate) name: &'static str,
    /// Its command line, made anew for every start.
    pub(crate) command: Box<dyn Fn() -> Command + Send>,
    /// What tells that it can be used.
    pub(crate) ready: Dependency,
}

/// A program that is kept running.
#[derive(Debug)]
pub(crate) struct Supervised {
    ready: Option<oneshot::Receiver<Result<(), Failure>>>,
    ended: oneshot::Receiver<()>,
}

impl Supervised {
    /// Starts a program and keeps it running until `shutdown`. Must be called within the runtime.
    pub(crate) fn start(program: Program, shutdown: CancellationToken) -> Result<Self, Failure> {
        let (ready_in, ready) = oneshot::channel();
        let (ended_in, ended) = oneshot::channel();
        let runtime = tokio::runtime::Handle::current();
        // A thread of its own: the kernel ends a bound child together with the thread that made it.
        let spawned = std::thread::Builder::new().name(program.name.to_owned()).spawn(move || {
            runtime.block_on(supervise(&program, ready_in, &shutdown));
            let _nobody_waits = ended_in.send(());
        });
        spawned.map_err(|error| Failure::new(Kind::Other, format!("cannot start a thread: {error}")))?;
        Ok(Self { ready: Some(ready), ended })
    }

    /// Resolves when the program can be used for the first time.
    ///
    /// Errors: it cannot be started, ends at once, or does not become ready in time; it is not tried again then.
    pub(crate) async fn ready(&mut self) -> Result<(), Failure> {
        match self.ready.take() {
            Some(ready) => ready
                .await
                .unwrap_or_else(|_| Err(Failure::new(Kind::Unavailable, "ended before it was ready"))),
            None => Ok(()),
        }
    }

    /// Resolves when the program has ended for good: soon after `shutdown`. Cancel-safe.
    pub(crate) async fn ended(&mut self) {
        // An error means the same: its thread is gone.
        let _gone = (&mut self.ended).await;
    }
}

async fn supervise(
    program: &Program,
    ready: oneshot::Sender<Result<(), Failure>>,
    shutdown: &CancellationToken,
) {
    let mut ready = Some(ready);
    let mut pause = PAUSES.0;
    loop {
        let started = Instant::now();
        let death = match run_once(program, &mut ready, shutdown).await {
            Ok(None) => return,
            Ok(Some(death)) => death,
            Err(error) => Death { why: format!("cannot be started: {error}"), last_words: String::new() },
        };
        if let Some(ready) = ready.take() {
            let message = format!("{} {}{}", program.name, death.why, death.last_words);
            let _nobody_waits = ready.send(Err(Failure::new(Kind::Unavailable, message)));
            return;
        }
        if started.elapsed() > SETTLED_AFTER {
            pause = PAUSES.0;
        }
        terminal::note(format!(
            "{} {}; starting it again in {:.1} s{}",
            program.name,
            death.why,
            pause.as_secs_f64(),
            death.last_words
        ));
        tokio::select! {
            () = sleep(pause) => {}
            () = shutdown.cancelled() => return,
        }
        pause = (pause * 2).min(PAUSES.1);
    }
}

/// How the program ended, other than by us.
struct Death {
    why: String,
    /// Its last lines, each on a new one.
    last_words: String,
}

/// One life of the program: why it ended, or `None` when we ended it.
async fn run_once(
    program: &Program,
    ready: &mut Option<oneshot::Sender<Result<(), Failure>>>,
    shutdown: &CancellationToken,
) -> io::Result<Option<Death>> {
    let mut command = (program.command)();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // In a group of its own, Ctrl-C on the terminal reaches only us: it is ended after those who use it.
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = tokio::process::Command::from(command).kill_on_drop(true).spawn()?;
    let lines = Lines::default();
    lines.read(program.name, child.stdout.take());
    lines.read(program.name, child.stderr.take());

    let started = Instant::now();
    let mut is_ready = false;
    let mut look = tokio::time::interval(LOOK_EVERY);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            status = child.wait() => {
                let status = status?;
                // What it said last is still on its way through the pipe.
                sleep(Duration::from_millis(50)).await;
                return Ok(Some(lines.death(format!("ended ({status})"))));
            }
            () = shutdown.cancelled() => {
                stop(&mut child).await?;
                return Ok(None);
            }
            _ = look.tick(), if !is_ready => {
                is_ready = program.ready.is_ready().await;
                if is_ready {
                    if let Some(ready) = ready.take() {
                        let _nobody_waits = ready.send(Ok(()));
                    } else {
                        terminal::note(format!("{} is back", program.name));
                    }
                } else if started.elapsed() > START_WITHIN {
                    child.kill().await?;
                    return Ok(Some(lines.death(format!("was not ready within {} s", START_WITHIN.as_secs()))));
                }
            }
        }
    }
}

/// Asks, asks again (`livekit-server` waits for its participants at the first time), and forces.
async fn stop(child: &mut Child) -> io::Result<()> {
    for grace in [GRACE.0, GRACE.1] {
        let Some(pid) = child.id().and_then(|id| Pid::from_raw(id as i32)) else { return Ok(()) };
        kill_process(pid, Signal::TERM)?;
        if let Ok(status) = timeout(grace, child.wait()).await {
            return status.map(drop);
        }
    }
    child.kill().await
}

/// The last lines a program wrote.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<VecDeque<String>>>);

impl Lines {
    fn read(&self, name: &'static str, pipe: Option<impl AsyncRead + Send + Unpin + 'static>) {
        let (Some(pipe), kept) = (pipe, self.clone()) else { return };
        tokio::spawn(async move {
            let mut lines = BufReader::new(pipe).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                tracing::debug!(program = name, "{line}");
                let mut kept = kept.0.lock().unwrap_or_else(PoisonError::into_inner);
                if kept.len() == LINES_KEPT {
                    kept.pop_front();
                }
                kept.push_back(line);
            }
        });
    }

    fn death(&self, why: String) -> Death {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let last_words =
            kept.iter().flat_map(|line| ["\n    ".to_owned(), terminal::printable(line)]).collect();
        Death { why, last_words }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::dev::http::PublicRoutes;

    fn shell(script: &'static str, ready: Dependency) -> Program {
        let command = move || {
            let mut command = Command::new("sh");
            command.args(["-c", script]);
            command
        };
        Program { name: "test program", command: Box::new(command), ready }
    }

    fn nobody() -> Dependency {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        Dependency::Local { address: listener.local_addr().expect("an address"), path: "/" }
    }

    /// A server of the test's own: the program counts as ready at once.
    async fn somebody() -> Dependency {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let config = crate::commands::services::AUTH.config(&common::config::Variables::from([]));
        tokio::spawn(crate::dev::http::serve(
            listener,
            BTreeMap::default(),
            PublicRoutes::default(),
            config,
            CancellationToken::new(),
        ));
        Dependency::Local { address, path: "/health" }
    }

    async fn started(program: Program, shutdown: &CancellationToken) -> Result<Supervised, Failure> {
        let mut supervised = Supervised::start(program, shutdown.clone())?;
        supervised.ready().await?;
        Ok(supervised)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_program_that_ends_at_once_is_reported_with_its_last_words() {
        let program = shell("echo the config is wrong >&2; exit 3", nobody());
        let failure = started(program, &CancellationToken::new()).await.expect_err("fails");
        assert!(failure.message.starts_with("test program ended (exit status: 3)"), "{failure}");
        assert!(failure.message.contains("the config is wrong"), "{failure}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_program_that_is_not_there_is_reported() {
        let command = || Command::new("/does/not/exist");
        let program = Program { name: "nothing", command: Box::new(command), ready: nobody() };
        let failure = started(program, &CancellationToken::new()).await.expect_err("fails");
        assert!(failure.message.starts_with("nothing cannot be started: "), "{failure}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_program_that_dies_is_started_again_and_ended_in_the_end() {
        let directory = tempfile::tempdir().expect("a directory");
        let lives = directory.path().join("lives");
        let path = lives.clone();
        let command = move || {
            let mut command = Command::new("sh");
            command.args(["-c", "echo $$ >>\"$1\"; exec sleep 1000", "sh"]).arg(&path);
            command
        };
        let program = Program { name: "sleeper", command: Box::new(command), ready: somebody().await };
        let shutdown = CancellationToken::new();
        let mut supervised = started(program, &shutdown).await.expect("starts");
        let pid_of = |life: usize| {
            let lives = lives.clone();
            async move {
                timeout(Duration::from_secs(10), async {
                    loop {
                        let text = std::fs::read_to_string(&lives).unwrap_or_default();
                        if let Some(pid) =
                            text.split_inclusive('\n').nth(life).filter(|line| line.ends_with('\n'))
                        {
                            return Pid::from_raw(pid.trim().parse().expect("a number")).expect("a process");
                        }
                        sleep(Duration::from_millis(20)).await;
                    }
                })
                .await
                .expect("lives")
            }
        };
        let first = pid_of(0).await;
        kill_process(first, Signal::KILL).expect("killed");
        let second = pid_of(1).await;
        assert_ne!(first, second);
        shutdown.cancel();
        timeout(Duration::from_secs(10), supervised.ended()).await.expect("ends");
        assert!(rustix::process::test_kill_process(second).is_err(), "nothing is left behind");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_program_that_does_not_want_to_end_is_ended_by_force() {
        let program = shell("trap '' TERM; while :; do sleep 0.1; done", somebody().await);
        let shutdown = CancellationToken::new();
        let mut supervised = started(program, &shutdown).await.expect("starts");
        shutdown.cancel();
        timeout(Duration::from_secs(10), supervised.ended()).await.expect("ends");
    }
}
