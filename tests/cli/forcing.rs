//! The seven forcing questions: the page, the scriptable commands and the session on a terminal.

use backsmith::decide::Shelf;
use backsmith::decide::forcing::guide;

#[test]
fn the_page_is_generated_from_the_engine() {
    let shelf = Shelf::fill(&[]).expect("profiles");
    let wanted = guide::current_page(shelf.profiles());
    crate::decide::current("references/forcing_questions.md", &wanted);
}
