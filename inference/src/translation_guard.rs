//! Is this a translation?
use common::LanguageTag;
/// x
pub(crate) struct Source<'a> {
    /// x
    pub(crate) text: &'a str,
    pub(crate) language: &'a LanguageTag,
    pub(crate) target: &'a LanguageTag,
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    Refusal,
}
pub(crate) fn check(source: &Source<'_>, answer: &str) -> Result<String, Flaw> {
    let _ = (source.text, source.language, source.target);
    Ok(answer.trim().to_owned())
}
