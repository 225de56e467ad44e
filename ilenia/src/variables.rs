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
            variable(
                "LIVEKIT_AGENT_URL",
                "",
                "Where the agents of sessions reach it. When not set: LIVEKIT_URL.",
            ),
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
        "Every service.",
        &[
            variable("LISTEN_HOST", "0.0.0.0", "The address to listen on."),
            variable("AUTH_SERVICE_PORT", "8081", "auth-service's port."),
            variable("EVENTS_SERVICE_PORT", "8083", "events-service's port."),
            variable("LIVEKIT_PROVIDER_PORT", "8086", "livekit-provider's port."),
            variable("LIVE_SERVICE_PORT", "8092", "live-service's port."),
            variable(
                "AUTH_ISSUER",
                "http://127.0.0.1:8081",
                "Who issues access tokens: the public address of auth-service.",
            ),
            variable(
                "AUTH_SERVICE_URL",
                "http://127.0.0.1:8081",
                "Where the other services find auth-service.",
            ),
            variable(
                "EVENTS_SERVICE_URL",
                "http://127.0.0.1:8083",
                "Where livekit-provider and live-service find events-service.",
            ),
            variable(
                "LIVEKIT_PROVIDER_URL",
                "http://127.0.0.1:8086",
                "Where live-service finds livekit-provider.",
            ),
            variable(
                "LIVE_SERVICE_URL",
                "http://127.0.0.1:8092",
                "Where livekit-provider finds live-service.",
            ),
            variable("FRONTEND_URL", "", "The web app's addresses, whose pages may call the services."),
            variable("TRUSTED_PROXIES", "", "Addresses and networks whose X-Forwarded-For counts."),
            variable("BODY_LIMIT_BYTES", "1048576", "Larger bodies are refused."),
            variable("REQUEST_TIMEOUT_SECONDS", "10", "How long a request may take."),
            variable(
                "DRAIN_TIMEOUT_SECONDS",
                "10",
                "How long requests in hand may take when a service ends.",
            ),
            variable("USE_AUTH_MOCK", "false", "auth-service answers with the examples of its description."),
            variable(
                "USE_EVENT_MOCK",
                "false",
                "events-service answers with the examples of its description.",
            ),
            variable(
                "USE_LIVEKIT_MOCK",
                "false",
                "livekit-provider answers with the examples of its description.",
            ),
            variable("USE_LIVE_MOCK", "false", "live-service answers with the examples of its description."),
        ],
    ),
    (
        "Where services keep their data and what they share. Without a database: in memory; without Redis: within one process.",
        &[
            variable(
                "USE_DATABASE",
                "",
                "true: PostgreSQL; false: in memory. When not set: whether DATABASE_URL is.",
            ),
            variable("DATABASE_URL", "", "postgres://user:password@host/database, of one service."),
            variable("DATABASE_MAX_CONNECTIONS", "10", "Connections to it, of one process."),
            variable(
                "MIGRATE_ON_START",
                "false",
                "Bring the schema up to date at start; several may start at once.",
            ),
            variable("REDIS_URL", "", "redis://host:port, or rediss:// with TLS."),
            variable("REDIS_HOST", "", "The same by host."),
            variable("REDIS_PORT", "6379", "The port at REDIS_HOST."),
        ],
    ),
    (
        "auth-service.",
        &[
            variable(
                "AUTH_PUBLIC_URL",
                "",
                "Where clients reach auth-service, for its metadata. When not set: AUTH_ISSUER.",
            ),
            variable(
                "AUTH_KEY_SECRET",
                "",
                "Encrypts the stored signing keys; 32 characters or more. Required with a database.",
            ),
            variable(
                "AUTH_KEY_ROTATION_DAYS",
                "30",
                "The age at which a signing key gets a successor; 0: by command only.",
            ),
            variable(
                "AUTH_KEY_PUBLISH_AHEAD_SECONDS",
                "600",
                "How long a new key is published before it signs.",
            ),
            variable("AUTH_KEY_OVERLAP_SECONDS", "86400", "How long an old key stays published."),
            variable(
                "AUTH_AUDIENCE",
                "event-service,livekit-service,live-service",
                "For whom access tokens are.",
            ),
            variable("ACCESS_TTL_SECONDS", "3600", "How long access tokens live."),
            variable("REFRESH_TTL_SECONDS", "2592000", "How long a refresh token lives that nobody uses."),
            variable("REFRESH_COOKIE_PATH", "/", "The path of the refresh token's cookie."),
            variable("REFRESH_COOKIE_SECURE", "true", "Send that cookie over TLS only."),
            variable(
                "BOOTSTRAP_ADMIN_EMAIL",
                "",
                "The first administrator, made at start when there is none.",
            ),
            variable("BOOTSTRAP_ADMIN_PASSWORD", "", "The first administrator's password."),
            variable(
                "BOOTSTRAP_CUSTOMER_NAME",
                "Default",
                "The customer to whom the first administrator belongs.",
            ),
            variable("OAUTH_LIVE_SERVICE_CLIENT_ID", "live-service", "The client id of live-service."),
            variable(
                "OAUTH_LIVE_SERVICE_CLIENT_SECRET",
                "",
                "Its secret, for auth-service and for live-service; without one there is no such client.",
            ),
            variable(
                "OAUTH_LIVEKIT_PROVIDER_CLIENT_ID",
                "livekit-provider",
                "The client id of livekit-provider.",
            ),
            variable(
                "OAUTH_LIVEKIT_PROVIDER_CLIENT_SECRET",
                "",
                "Its secret, for auth-service and for livekit-provider.",
            ),
            variable(
                "OAUTH_LIVE_EVENT_SERVICE_CLIENT_ID",
                "live-event-service",
                "The client id of live-event-service.",
            ),
            variable("OAUTH_LIVE_EVENT_SERVICE_CLIENT_SECRET", "", "Its secret."),
            variable(
                "LOGIN_FAILURES_PER_ACCOUNT",
                "5",
                "Wrong passwords until an account is locked for a while.",
            ),
            variable("LOGIN_FAILURES_PER_IP", "30", "Wrong passwords until an address has to wait."),
            variable("ARGON2_MEMORY_KIB", "19456", "Argon2id: memory."),
            variable("ARGON2_PASSES", "2", "Argon2id: passes."),
            variable("ARGON2_LANES", "1", "Argon2id: lanes."),
            variable("ARGON2_AT_ONCE", "", "Passwords hashed at once. When not set: cores less one."),
            variable("ARGON2_WAITING", "100", "Passwords that may wait to be hashed."),
        ],
    ),
    (
        "events-service.",
        &[variable(
            "MAX_LIVE_EVENTS_PER_CUSTOMER",
            "10",
            "Live events at once, for customers without a limit of their own.",
        )],
    ),
    (
        "live-service.",
        &[variable("AGENT_SPAWNER", "local", "Where agents run: local, in the service's own process.")],
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
        let _ = writeln!(text, "  {:<38} {}", variable.name, variable.what);
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
            include_str!("commands/services.rs"),
            include_str!("../../inference/src/config.rs"),
            include_str!("../../auth/src/config.rs"),
            include_str!("../../events/src/config.rs"),
            include_str!("../../orchestrator/src/config.rs"),
            include_str!("../../provider/src/config.rs"),
            include_str!("../../common/src/access/config.rs"),
            include_str!("../../common/src/live_state/mod.rs"),
            include_str!("../../common/src/persistence/postgres.rs"),
            include_str!("../../common/src/service/config.rs"),
        ]
        .concat();
        for variable in SUBJECTS.iter().flat_map(|(_, variables)| *variables) {
            // The clients' variables are made of the services' names.
            let made = variable.name.starts_with("OAUTH_");
            let read = made || sources.contains(&format!("\"{}\"", variable.name));
            assert!(read, "{} is not read", variable.name);
        }
    }
}
