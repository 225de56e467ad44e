//! PocketSphinx's words → a caption.

/// `<s> i said(2) [noise] hello </s>` → `I said hello.`
///
/// Fillers and the marks of alternative pronunciations go; the pronoun and the first word get their capitals, and a
/// full stop ends it: captions read better so, and Apertium takes the utterance for a sentence.
pub(super) fn from_words(words: &str) -> String {
    let mut caption = String::with_capacity(words.len() + 1);
    for word in words.split_whitespace().filter(|word| !is_filler(word)).map(without_variant) {
        if !caption.is_empty() {
            caption.push(' ');
        }
        let is_pronoun = word == "i" || word.starts_with("i'");
        if caption.is_empty() || is_pronoun {
            let mut letters = word.chars();
            caption.extend(letters.next().into_iter().flat_map(char::to_uppercase));
            caption.push_str(letters.as_str());
        } else {
            caption.push_str(word);
        }
    }
    if !caption.is_empty() {
        caption.push('.');
    }
    caption
}

/// `<sil>`, `[NOISE]`, `++BREATH++`.
fn is_filler(word: &str) -> bool {
    word.starts_with(['<', '[']) || word.starts_with("++")
}

/// `read(2)` → `read`.
fn without_variant(word: &str) -> &str {
    let Some((base, variant)) = word.strip_suffix(')').and_then(|word| word.rsplit_once('(')) else {
        return word;
    };
    let is_number = !variant.is_empty() && variant.bytes().all(|byte| byte.is_ascii_digit());
    if is_number && !base.is_empty() { base } else { word }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_a_caption() {
        for (words, caption) in [
            ("good morning everyone", "Good morning everyone."),
            ("<s> so i said(2) [NOISE] i'm here ++UH++ <sil> </s>", "So I said I'm here."),
            ("élan in the inn", "Élan in the inn."),
            ("<sil>", ""),
            ("", ""),
        ] {
            assert_eq!(from_words(words), caption);
        }
    }
}
