use super::*;
#[test]
fn x() {
    let _ = 1;
}
