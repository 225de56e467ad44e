//! Apertium's modes: which programs, in which order, make up one translation direction.

use std::{io, path::Path, process::Stdio};

use tokio::process::Command;

/// One program and its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stage {
    pub(super) program: String,
    pub(super) arguments: Vec<String>,
}

/// The programs of a mode, flushing at NUL, as Apertium itself would run them for `apertium -u`.
///
/// `apertium-wblank-mode -z` turns the mode's file into that pipeline; no shell is involved.
pub(super) async fn stages(mode: &Path) -> io::Result<Vec<Stage>> {
    let output = Command::new("apertium-wblank-mode")
        .arg("-z")
        .arg(mode)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await?;
    let text = String::from_utf8_lossy(&output.stdout);
    let stages = parse(&text);
    if !output.status.success() || stages.is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("{} is not a mode", mode.display())));
    }
    Ok(stages)
}

/// The shell's pipeline → its programs. `$1` is `-n`, which leaves out the marks of unknown words, `$2` is nothing.
pub(super) fn parse(pipeline: &str) -> Vec<Stage> {
    let mut stages = Vec::new();
    let mut words: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for symbol in pipeline.chars().chain(['|']) {
        match (quote, symbol) {
            (Some(end), _) if symbol == end => quote = None,
            (None, '\'' | '"') => {
                quote = Some(symbol);
                word.get_or_insert_default();
            }
            (None, _) if symbol.is_whitespace() || symbol == '|' => {
                match word.take() {
                    Some(text) if text == "$1" => words.push("-n".to_owned()),
                    Some(text) if text == "$2" => {}
                    Some(text) => words.push(text),
                    None => {}
                }
                if symbol == '|' && !words.is_empty() {
                    let program = words.remove(0);
                    stages.push(Stage { program, arguments: std::mem::take(&mut words) });
                }
            }
            _ => word.get_or_insert_default().push(symbol),
        }
    }
    stages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipeline_is_split_into_programs() {
        let stages = parse(
            "lt-proc -z '/a b/x.bin' | apertium-tagger -z -g $2 '/y.prob' | lt-proc -z $1 \"/z.bin\"\n",
        );
        let words: Vec<String> =
            stages.iter().map(|s| format!("{} {}", s.program, s.arguments.join(","))).collect();
        assert_eq!(words, ["lt-proc -z,/a b/x.bin", "apertium-tagger -z,-g,/y.prob", "lt-proc -z,-n,/z.bin"]);
        assert_eq!(parse(" | "), []);
    }
}
