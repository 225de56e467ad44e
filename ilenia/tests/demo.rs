//! What a newcomer sees first: `ilenia dev --demo`.

mod support;

use std::time::Duration;

use rustix::process::Signal;
use support::{dev, get};

/// The talk lasts about 50 s.
const SHOW: Duration = Duration::from_secs(150);

#[test]
fn the_demonstration_prints_captions_in_three_languages_and_goes_on() {
    let (mut dev, http, _) = dev(&["--demo"]);
    dev.wait_for("Demonstration: a voice speaks English", SHOW);
    for language in ["en-US", "es-ES", "ca-ES"] {
        dev.wait_for(language, SHOW);
    }
    let summary = dev.wait_for("from the end of the words to the caption (median)", SHOW);
    for language in ["en-US", "es-ES", "ca-ES"] {
        assert!(summary.contains(language), "{summary}");
    }
    let lines = dev.wait_for("Ready.", SHOW);
    assert!(!dev.seen().contains("incomplete"), "{}\n{lines}", dev.seen());
    for language in ["en-US", "es-ES", "ca-ES"] {
        let captions = dev.seen().lines().filter(|line| line.trim_start().starts_with(language)).count();
        assert!(captions >= 10, "{captions} captions in {language}:\n{}", dev.seen());
    }
    assert_eq!(get(http, "/ready").0, 200);
    dev.signal(Signal::TERM);
    assert_eq!(dev.wait(Duration::from_secs(30)), Some(0));
}
