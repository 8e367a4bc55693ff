//! Writes the heads of loops.

use fastrand::Rng;

use super::Variable;

/// The head of a loop, with `x` as its item.
#[derive(Default)]
pub(super) struct Head {
    pub(super) text: String,
    /// The statement in front of the loop.
    pub(super) before: String,
    /// The first statements of the loop's body.
    pub(super) first: String,
    /// The variable that the head borrows.
    pub(super) lent: Option<String>,
    /// The variable that the head takes items from.
    pub(super) queue: Option<String>,
}

impl Head {
    fn of(text: impl Into<String>) -> Head {
        Head { text: text.into(), ..Head::default() }
    }
}

/// Returns a head for the outermost loop with this number.
pub(super) fn outer(rng: &mut Rng, visible: &[Variable], number: usize) -> Head {
    if let Some(head) = of_variable(rng, visible, true) {
        return head;
    }
    let heads = [
        "for &x in xs",
        "for x in xs.iter().copied().rev()",
        "for (at, x) in xs.iter().map(|x| x + base).enumerate()",
        "for x in 0..base % 5 + 1",
        "for x in ys.clone()",
        "for x in xs.iter().chain(&ys).copied().step_by(2)",
        "while let Some(x) = WALK.next()",
    ];
    let walk = format!("walk_{number}");
    let text = heads[rng.usize(..heads.len())].replace("WALK", &walk);
    let is_while = text.starts_with("while");
    let before = format!("let mut {walk} = ys.iter().copied().filter(|y| y % 4 != 0);");
    Head { before: if is_while { before } else { String::new() }, ..Head::of(text) }
}

/// Returns a head for a loop within the body of another loop.
pub(super) fn inner(rng: &mut Rng, visible: &[Variable]) -> Head {
    let heads = [
        "for x in [x, x + 1]",
        "for x in 0..x % 3 + 1",
        "for &x in &xs[1..3]",
        "for x in xs.iter().map(|y| y + x).take(2)",
    ];
    let other = Head::of(heads[rng.usize(..heads.len())]);
    of_variable(rng, visible, false).unwrap_or(other)
}

/// Returns a head that depends on a carried variable; `None` if it finds no variable that may be read there.
fn of_variable(rng: &mut Rng, visible: &[Variable], may_take: bool) -> Option<Head> {
    if visible.is_empty() || rng.bool() {
        return None;
    }
    let Variable { name, ty } = &visible[rng.usize(..visible.len())];
    let is_list = *ty == "Vec<u64>";
    let is_worklist = *ty == "Worklist<u64>";
    let is_set = *ty == "std::collections::BTreeSet<u64>";
    Some(match rng.u8(..7) {
        0..=3 if is_worklist && may_take => Head {
            first: format!("if x > 0 && x % 3 == 0 {{ {name}.push_back(x / 2); }}"),
            queue: Some(name.clone()),
            ..Head::of(format!("while let Some(x) = {name}.pop_front()"))
        },
        0 | 1 if is_set => Head::of(format!("for x in {name}.clone()")),
        2 | 3 if is_set => {
            Head::of(format!("for x in {name}.range(2..).rev().copied().collect::<Vec<_>>()"))
        }
        0 | 1 if is_list => Head::of(format!("for x in {name}.clone()")),
        2 if is_list => {
            Head::of(format!("for x in {name}.iter().map(|x| x % 9).collect::<Vec<_>>()"))
        }
        3 if is_list && may_take => Head {
            first: "let x = *lent;\nif x % 2 == 0 { *lent += 10; }".to_owned(),
            lent: Some(name.clone()),
            ..Head::of(format!("for lent in {name}.iter_mut()"))
        },
        4 | 5 if is_list && may_take => Head {
            first: format!("if x > 0 && x % 3 == 0 {{ {name}.push(x / 2); }}"),
            queue: Some(name.clone()),
            ..Head::of(format!("while let Some(x) = {name}.pop()"))
        },
        _ => Head::of(format!("for x in 0..{name}.weight() % 4 + 1")),
    })
}
