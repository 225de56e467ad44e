//! What the README shows is what the tests run.

#[test]
fn the_readme_shows_the_example_as_it_is() {
    let readme = include_str!("../../README.md");
    let example = include_str!("../src/bin/word_spotter.rs");
    let code = example.split_once("use agents").expect("the example uses agents").1;
    assert!(readme.contains(code), "copy examples/src/bin/word_spotter.rs into README.md");
}
