//! The running programs of one translation direction.

use std::{io, path::Path, process::Stdio};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    process::{Child, ChildStdin, ChildStdout, Command},
};

use super::{format, mode};

/// A translation larger than this is a runaway.
const MAX_OUTPUT_BYTES: u64 = 1 << 20;

/// Programs connected by pipes, each waiting for the next NUL-terminated text. Dropping it kills them.
#[derive(Debug)]
pub(super) struct Pipeline {
    children: Vec<Child>,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Pipeline {
    /// Starts the programs of a mode.
    pub(super) async fn start(mode: &Path) -> io::Result<Self> {
        let mut children = Vec::new();
        let mut input = None;
        let mut previous: Option<ChildStdout> = None;
        for stage in mode::stages(mode).await? {
            let stdin = match previous.take() {
                Some(stdout) => stdout.try_into()?,
                None => Stdio::piped(),
            };
            let mut child = Command::new(&stage.program)
                .args(&stage.arguments)
                .env("LC_ALL", "C.UTF-8")
                .stdin(stdin)
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .kill_on_drop(true)
                .spawn()
                .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", stage.program)))?;
            if children.is_empty() {
                input = child.stdin.take();
            }
            previous = child.stdout.take();
            children.push(child);
        }
        let (Some(input), Some(output)) = (input, previous) else {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a mode without programs"));
        };
        Ok(Self { children, input, output: BufReader::new(output) })
    }

    /// Translates one text. Not cancel-safe: a pipeline whose future was dropped must be dropped too.
    ///
    /// Errors: a program has ended.
    pub(super) async fn translate(&mut self, text: &str) -> io::Result<String> {
        let mut message = format::escape(text).into_bytes();
        message.push(0);
        let mut answer = Vec::new();
        let (input, output) = (&mut self.input, &mut self.output);
        let write = async {
            input.write_all(&message).await?;
            input.flush().await
        };
        let read = async {
            let mut output = output.take(MAX_OUTPUT_BYTES);
            output.read_until(0, &mut answer).await
        };
        tokio::try_join!(write, read)?;
        // When a program in the middle ends, those after it end too, with what looks like an empty answer.
        if answer.pop() != Some(0) || answer.is_empty() || self.has_ended() {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "a program of the pipeline has ended"));
        }
        Ok(format::unescape(&String::from_utf8_lossy(&answer)))
    }

    fn has_ended(&mut self) -> bool {
        self.children.iter_mut().any(|child| !matches!(child.try_wait(), Ok(None)))
    }

    /// Ends the programs and waits for them.
    pub(super) async fn end(mut self) {
        for child in &mut self.children {
            let _already_ended = child.start_kill();
        }
        for child in &mut self.children {
            let _ = child.wait().await;
        }
    }

    /// The process ids, first program first.
    #[cfg(test)]
    pub(super) fn process_ids(&self) -> Vec<u32> {
        self.children.iter().filter_map(Child::id).collect()
    }
}
