//! The variables that the commands read, for `--help` and `.env.example`.

use std::fmt::Write as _;

/// One variable.
struct Variable {
    name: &'static str,
    /// What holds when it is not set; empty: nothing.
    #[cfg_attr(not(test), expect(dead_code, reason = "goes into `.env.example`, which a test writes"))]
    default: &'static str,
    /// One sentence.
    what: &'static str,
}

const fn variable(name: &'static str, default: &'static str, what: &'static str) -> Variable {
    Variable { name, default, what }
}

/// All of them, by subject.
const SUBJECTS: &[(&str, &[Variable])] = &[
    (
        "The LiveKit server. The defaults hold on this machine only; elsewhere all three are required.",
        &[
            variable("LIVEKIT_URL", crate::settings::DEV_URL, "Its address, ws:// or wss://."),
            variable("LIVEKIT_API_KEY", crate::settings::DEV_API_KEY, "An API key of that server."),
            variable("LIVEKIT_API_SECRET", crate::settings::DEV_API_SECRET, "The key's secret."),
            variable("LIVEKIT_SERVER_BIN", "", "`ilenia dev`: the livekit-server program to start."),
        ],
    ),
    (
        "The models. Without any of the addresses the offline engines are used.",
        &[
            variable("HF_ASR_URL", "", "Recognition: a Hugging Face inference endpoint."),
            variable("HF_ASR_TOKEN", "", "Its bearer token."),
            variable("HF_MT_URL", "", "Translation: an OpenAI-compatible address that ends in /v1."),
            variable("HF_MT_TOKEN", "", "Its bearer token."),
            variable("HF_MT_MODEL", "", "The model to ask for, where the address has several."),
            variable(
                "HF_TTS_URL",
                "",
                "Speech: a Hugging Face endpoint, or an address that ends in /audio/speech.",
            ),
            variable("HF_TTS_TOKEN", "", "Its bearer token."),
            variable(
                "INFERENCE_DEADLINE_SECONDS",
                "60",
                "How long an answer is tried for, repeats included.",
            ),
            variable("INFERENCE_ATTEMPT_SECONDS", "30", "How long one attempt may take."),
            variable("INFERENCE_INTERIM_MS", "2500", "How long an interim transcription may take."),
        ],
    ),
    (
        "Logs.",
        &[
            variable(
                "ILENIA_LOG",
                "info",
                "What to log: off, warn, info, agents=debug, … Tools for people log nothing.",
            ),
            variable("ILENIA_LOG_FORMAT", "text", "text or json."),
        ],
    ),
];

/// For the end of `--help`.
pub(crate) fn help() -> String {
    let mut text =
        "Variables (each also as NAME_FILE, the path of a file that holds the value):\n".to_owned();
    for variable in SUBJECTS.iter().flat_map(|(_, variables)| *variables) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {:<27} {}", variable.name, variable.what);
    }
    text
}

/// The text of `.env.example`.
#[cfg(test)]
fn env_example() -> String {
    let mut text = "# Every variable that the commands of `ilenia` read, with its default. Each may also be given as NAME_FILE,\n\
                    # the path of a file that holds the value.\n"
        .to_owned();
    for (subject, variables) in SUBJECTS {
        let _ = writeln!(text, "\n# {subject}");
        for variable in *variables {
            let _ = writeln!(text, "\n# {}\n#{}={}", variable.what, variable.name, variable.default);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_environment_is_up_to_date() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../.env.example");
        if std::env::vars().any(|(name, _)| name == "ILENIA_UPDATE") {
            std::fs::write(path, env_example()).expect("written");
        }
        let committed = std::fs::read_to_string(path).expect(".env.example is there");
        assert!(
            committed == env_example(),
            "ILENIA_UPDATE=1 cargo test -p ilenia example_of_the_environment renews it"
        );
    }

    #[test]
    fn what_is_documented_is_read_somewhere() {
        let sources = [
            include_str!("settings.rs"),
            include_str!("dev/livekit_server.rs"),
            include_str!("../../inference/src/config.rs"),
        ]
        .concat();
        for variable in SUBJECTS.iter().flat_map(|(_, variables)| *variables) {
            assert!(sources.contains(&format!("\"{}\"", variable.name)), "{} is not read", variable.name);
        }
    }
}
