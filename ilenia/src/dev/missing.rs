//! Programs and models that are not installed.

use std::collections::BTreeSet;

use inference::engines::Missing;

use crate::failure::{Failure, Kind};

/// Names all of them at once, and the command that installs them.
pub(crate) fn failure(missing: &[Missing]) -> Failure {
    let what: Vec<_> = missing.iter().map(|missing| missing.what.as_str()).collect();
    let packages: BTreeSet<_> = missing.iter().map(|missing| missing.package).collect();
    let packages: Vec<_> = packages.into_iter().collect();
    Failure::new(Kind::Unavailable, format!("not installed: {}", what.join(", ")))
        .hint(format!("`make setup`, or: apt-get install --no-install-recommends {}", packages.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_package_is_named_once() {
        let lacking = |what: &str| Missing { package: "apertium", what: what.to_owned() };
        let failure = failure(&[lacking("eng-spa"), lacking("eng-cat")]);
        assert_eq!(failure.message, "not installed: eng-spa, eng-cat");
        assert_eq!(failure.hint.unwrap_or_default().matches("apertium").count(), 1);
    }
}
