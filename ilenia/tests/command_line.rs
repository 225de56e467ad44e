//! What the binary says, and with which code it ends, when it is used wrongly.

mod support;

use std::net::TcpListener;

use livekit_api::access_token::TokenVerifier;
use support::{API_KEY, API_SECRET, assert_fails, free_port, ilenia, run};

#[test]
fn help_and_version_are_no_errors() {
    let help = run(&mut ilenia(&["--help"]));
    assert_eq!(help.code, Some(0));
    for word in ["dev", "agent", "say", "listen", "token", "engines", "LIVEKIT_URL", "HF_ASR_URL"] {
        assert!(help.stdout.contains(word), "{word}");
    }
    assert!(!help.stdout.contains("exec-child"), "not for people");
    assert_eq!(run(&mut ilenia(&["--version"])).code, Some(0));
}

#[test]
fn wrong_arguments_end_with_64() {
    assert_fails(&mut ilenia(&[]), 64, &["Usage"]);
    assert_fails(&mut ilenia(&["shout"]), 64, &["shout"]);
    assert_fails(&mut ilenia(&["say", "--room", "r"]), 64, &["--file"]);
    assert_fails(&mut ilenia(&["engines", "--port", "70000"]), 64, &["70000"]);
    let unknown = ["agent", "connect", "--room", "r", "--agent", "asr", "--language", "en_US"];
    assert_fails(&mut ilenia(&unknown), 64, &["\"en_US\" is not a language tag such as en-US"]);
    let speech = ["agent", "connect", "--room", "r", "--agent", "asr", "--language", "en-US", "--speech"];
    assert_fails(&mut ilenia(&speech), 64, &["--speech: only an mt agent speaks"]);
}

#[test]
fn all_mistakes_of_the_configuration_come_at_once() {
    let mut command = ilenia(&["agent", "connect", "--room", "r", "--agent", "asr", "--language", "en-US"]);
    command.env("LIVEKIT_URL", "ftp://h").env("HF_ASR_URL", "models").env("ILENIA_LOG_FORMAT", "xml");
    assert_fails(&mut command, 64, &["LIVEKIT_URL: ", "HF_ASR_URL: ", "ILENIA_LOG_FORMAT: "]);
    let mut command = ilenia(&["token", "--room", "r", "--identity", "i"]);
    command.env("LIVEKIT_URL", "wss://livekit.example.org");
    assert_fails(&mut command, 64, &["LIVEKIT_API_KEY: required", "LIVEKIT_API_SECRET: required"]);
    let mut command = ilenia(&["engines"]);
    command.env("ILENIA_LOG", "inference=loud");
    assert_fails(&mut command, 64, &["ILENIA_LOG: "]);
}

#[test]
fn a_file_that_is_no_sound_ends_with_66_before_anybody_is_called() {
    let directory = tempfile::tempdir().expect("a directory");
    let text = directory.path().join("talk.wav");
    std::fs::write(&text, "good morning").expect("written");
    let text = text.to_str().expect("utf-8");
    assert_fails(
        &mut ilenia(&["say", "--room", "r", "--file", "/does/not/exist.wav"]),
        66,
        &["/does/not/exist.wav"],
    );
    assert_fails(&mut ilenia(&["say", "--room", "r", "--file", text]), 66, &["cannot play", text, "hint: "]);
    assert_fails(&mut ilenia(&["say", "--room", "r", "--file", "-"]), 66, &["cannot play -"]);
}

#[test]
fn a_server_that_is_away_ends_with_69_and_a_hint() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = support::tone(directory.path());
    let file = file.to_str().expect("utf-8");
    let url = format!("ws://127.0.0.1:{}", free_port());
    let words = ["no LiveKit server answers at", &url, "hint: `ilenia dev` starts one"];
    assert_fails(ilenia(&["say", "--room", "r", "--file", file]).env("LIVEKIT_URL", &url), 69, &words);
    assert_fails(
        ilenia(&["listen", "--room", "r", "--language", "es-ES"]).env("LIVEKIT_URL", &url),
        69,
        &words,
    );
}

#[test]
fn what_answers_but_is_no_livekit_server_is_told_apart() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let url = format!("ws://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            use std::io::{Read as _, Write as _};
            let mut stream = stream;
            let _request = stream.read(&mut [0; 4096]);
            let _gone = stream
                .write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno");
        }
    });
    let mut command = ilenia(&["listen", "--room", "r", "--language", "es-ES"]);
    assert_fails(command.env("LIVEKIT_URL", &url), 69, &[&url, "is no LiveKit server", "404"]);
}

#[test]
fn a_taken_port_is_named_with_its_holder_and_the_way_out() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let holder = format!("(process {})", std::process::id());
    assert_fails(&mut ilenia(&["engines", "--port", &port]), 69, &[&port, "is taken by", &holder, "--port"]);
    for option in ["--http-port", "--livekit-port", "--engines-port", "--auth-port", "--events-port"] {
        let arguments = ["dev", "--any-ports", option, &port];
        assert_fails(&mut ilenia(&arguments), 69, &["TCP port", &port, "is taken by", &holder, option]);
    }
}

#[test]
fn a_named_livekit_server_must_be_a_program() {
    let mut command = ilenia(&["dev", "--any-ports"]);
    assert_fails(command.env("LIVEKIT_SERVER_BIN", "/etc/passwd"), 64, &["LIVEKIT_SERVER_BIN: /etc/passwd"]);
    let mut command = ilenia(&["dev", "--any-ports"]);
    assert_fails(
        command.env("LIVEKIT_SERVER_BIN", "/bin/false"),
        69,
        &["LiveKit server ended (exit status: 1)"],
    );
}

#[test]
fn a_token_opens_one_room_and_allows_what_was_asked_for() {
    let token = |more: &[&str]| {
        let mut arguments = vec!["token", "--room", "hall", "--identity", "listener-1"];
        arguments.extend(more);
        let mut command = ilenia(&arguments);
        command.env("LIVEKIT_API_KEY", API_KEY).env("LIVEKIT_API_SECRET", API_SECRET);
        let ended = run(&mut command);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let verifier = TokenVerifier::with_api_key(API_KEY, API_SECRET);
        verifier.verify(ended.stdout.lines().last().expect("a line")).expect("a valid token")
    };
    let listener = token(&["--listen-only", "--ttl", "1h", "--name", "Ana"]);
    assert_eq!((listener.sub.as_str(), listener.name.as_str()), ("listener-1", "Ana"));
    assert_eq!(listener.video.room, "hall");
    assert!(listener.video.room_join && !listener.video.room_create && !listener.video.room_admin);
    assert_eq!((listener.video.can_publish, listener.video.can_publish_data), (Some(false), Some(false)));
    assert!((3_500..=3_600).contains(&(listener.exp - listener.nbf)), "{listener:?}");
    let speaker = token(&["--url"]);
    assert_eq!((speaker.video.can_publish, speaker.video.can_publish_data), (Some(true), Some(false)));
    assert_fails(&mut ilenia(&["token", "--room", "", "--identity", "i"]), 64, &["error: "]);
}
