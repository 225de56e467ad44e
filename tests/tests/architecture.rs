//! Holds the code map of `ARCHITECTURE.md` to what Cargo says of the workspace.

use std::{collections::BTreeMap, process::Command};

use serde_json::Value;

/// Each crate and the crates of this workspace that it may use. Dependencies point one way.
const MAY_USE: &[(&str, &[&str])] = &[
    ("common", &[]),
    ("media", &[]),
    ("libwebrtc", &[]),
    ("inference", &["common", "media"]),
    ("pipeline", &["common", "media", "inference"]),
    ("agents", &["common", "media", "inference", "pipeline", "libwebrtc"]),
    ("auth", &["common"]),
    ("events", &["common"]),
    ("transcript", &["common"]),
    ("provider", &["common", "agents"]),
    ("orchestrator", &["common", "inference", "agents", "transcript"]),
    (
        "ilenia",
        &[
            "common",
            "media",
            "inference",
            "pipeline",
            "agents",
            "libwebrtc",
            "auth",
            "events",
            "provider",
            "orchestrator",
        ],
    ),
    ("examples", &["common", "media", "inference", "pipeline", "agents"]),
    ("bench", &["common", "media", "inference", "pipeline", "agents", "tests"]),
    ("testkit", &[]),
    ("tests", &["common", "media", "inference", "pipeline", "agents", "libwebrtc"]),
];

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline"])
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON")
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

#[test]
fn dependencies_point_one_way() {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().expect("packages");
    let ours: Vec<&Value> = packages.iter().filter(|package| package["source"].is_null()).collect();
    let names: Vec<&str> = ours.iter().map(|package| text(package, "name")).collect();
    let rules: BTreeMap<_, _> = MAY_USE.iter().copied().collect();
    let mut wrong = Vec::new();
    for package in ours {
        let name = text(package, "name");
        let Some(allowed) = rules.get(name) else {
            wrong.push(format!("{name} has no line in MAY_USE"));
            continue;
        };
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            let (used, kind) = (text(dependency, "name"), text(dependency, "kind"));
            // Tests may look anywhere; what ships may not.
            if kind != "dev" && names.contains(&used) && !allowed.contains(&used) {
                wrong.push(format!("{name} must not use {used}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_native_webrtc_is_in_the_graph() {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().expect("packages");
    let native: Vec<&str> = packages
        .iter()
        .map(|package| text(package, "name"))
        .filter(|name| name.starts_with("webrtc-sys"))
        .collect();
    assert!(native.is_empty(), "{native:?}");
    let livekit =
        packages.iter().find(|package| text(package, "name") == "livekit").expect("livekit is used");
    assert!(text(livekit, "source").starts_with("registry+"), "livekit is the published crate: {livekit:?}");
}

#[test]
fn media_has_no_clock_and_no_runtime() {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().expect("packages");
    let media = packages.iter().find(|package| text(package, "name") == "media").expect("media");
    for dependency in media["dependencies"].as_array().expect("dependencies") {
        let name = text(dependency, "name");
        assert!(
            !["tokio", "reqwest", "livekit", "axum", "futures-util"].contains(&name),
            "media uses {name}"
        );
    }
}
