//! Writes the body of a function: up to three loops in a row, of which some have another inside, with statements
//! before, in, between and behind them.

use std::fmt::Write as _;

use fastrand::Rng;

use super::heads::{self, Head};
use super::means::change;
use super::ways::Way;
use super::{TYPES, Variable};

pub(super) struct Body<'a> {
    pub(super) rng: &'a mut Rng,
    pub(super) text: String,
    depth: usize,
    places: usize,
    variables: Vec<Variable>,
    /// The variables that are declared in the outer loop that is being written.
    inner: Vec<Variable>,
    /// All variables that are declared in outer loops.
    declared: Vec<Variable>,
    pub(super) kind: Kind,
    loops: usize,
    /// Whether the loops are marked with `#[resume]`.
    is_marked: bool,
    /// The variable that the loop's head has borrowed.
    lent: Option<String>,
    /// The variable that the loop's head takes items from.
    queue: Option<String>,
    /// The way in which the items of the current loop are done.
    pub(super) way: Way,
    /// Whether some items are done in an order that is not known.
    pub(super) is_unordered: bool,
}

/// The kind of function that is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    /// Whether the function answers errors with a policy.
    pub(super) has_policy: bool,
    pub(super) is_async: bool,
}

/// The place of a statement among the loops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Where {
    /// A place in front of a loop, or between two loops.
    Outside,
    /// A place behind the last loop.
    Behind,
    /// A place in a loop without another inside.
    Innermost,
    /// A place in a loop, in front of the loop inside it.
    BeforeInner,
    /// A place in a loop, behind the loop inside it.
    AfterInner,
}

impl<'a> Body<'a> {
    pub(super) fn new(rng: &'a mut Rng, variables: &[Variable], kind: Kind) -> Self {
        Body {
            rng,
            text: String::new(),
            depth: 1,
            places: 0,
            variables: variables.to_vec(),
            inner: Vec::new(),
            declared: Vec::new(),
            kind,
            loops: 0,
            is_marked: false,
            lent: None,
            queue: None,
            way: Way::default(),
            is_unordered: false,
        }
    }

    /// Returns the option that names the carried variables.
    pub(super) fn carried(&self) -> String {
        let all = self.variables.iter().chain(&self.declared);
        let names: Vec<&str> = all.map(|it| it.name.as_str()).collect();
        format!("carry({})", names.join(", "))
    }

    pub(super) fn line(&mut self, text: &str) {
        writeln!(self.text, "{:1$}{text}", "", 4 * self.depth).expect("text takes it");
    }

    pub(super) fn open(&mut self, text: &str) {
        self.line(&format!("{text} {{"));
        self.depth += 1;
    }

    pub(super) fn close(&mut self) {
        self.depth -= 1;
        self.line("}");
    }

    fn place(&mut self) -> String {
        self.places += 1;
        format!("p{}", self.places)
    }

    /// Returns true once in `times` calls on average.
    pub(super) fn now_and_then(&mut self, times: u8) -> bool {
        self.rng.u8(..times) == 0
    }

    /// Returns the variables that a statement at `at` may read or change.
    fn visible(&self, at: Where) -> Vec<Variable> {
        let own: &[Variable] =
            if matches!(at, Where::Outside | Where::Behind) { &[] } else { &self.inner };
        let all = self.variables.iter().chain(own);
        let is_lent = |it: &&Variable| self.lent.as_ref() == Some(&it.name);
        all.filter(|it| !is_lent(it)).cloned().collect()
    }

    fn values(&self, at: Where) -> String {
        let names: Vec<String> =
            self.visible(at).iter().map(|it| format!("&{}, ", it.name)).collect();
        format!("({}base,)", names.concat())
    }

    /// Returns an expression for a number that a statement at `at` may depend on.
    pub(super) fn number(&mut self, at: Where) -> String {
        let visible = self.visible(at);
        let is_within = !matches!(at, Where::Outside | Where::Behind);
        match self.rng.u8(..4) {
            0 if !visible.is_empty() => {
                let it = &visible[self.rng.usize(..visible.len())];
                format!("({}.weight() + {})", it.name, self.rng.u64(..4))
            }
            1 => "base".to_owned(),
            2 if at == Where::Innermost && self.way.is_ahead() => "early".to_owned(),
            _ if is_within => "x".to_owned(),
            _ => self.rng.u64(1..9).to_string(),
        }
    }

    pub(super) fn see(&mut self, at: Where) {
        let (place, values) = (self.place(), self.values(at));
        self.line(&format!("see(\"{place}\", {values});"));
    }

    pub(super) fn step(&mut self, at: Where) {
        let (place, number) = (self.place(), self.number(at));
        self.line(&format!("step(\"{place}\", {number})?;"));
    }

    pub(super) fn changes(&mut self, at: Where) {
        let mut visible = self.visible(at);
        visible.retain(|it| self.queue.as_ref() != Some(&it.name));
        if visible.is_empty() {
            return;
        }
        let it = visible[self.rng.usize(..visible.len())].clone();
        let by = self.number(at);
        let by = if by.contains(&it.name) { "(base + 1)".to_owned() } else { by };
        let takes_no_moves = self.kind.has_policy || self.way.is_ahead();
        let text = change(self.rng, &it, &by, takes_no_moves);
        // Without marked loops, the function may have only one loop.
        let is_loop = ["for ", "while "].iter().any(|head| text.starts_with(head));
        let is_second = is_loop && matches!(at, Where::Outside | Where::Behind);
        if self.is_marked || !is_second {
            self.line(&text);
        }
    }

    /// Writes all of the body.
    pub(super) fn whole(&mut self) {
        let base = self.rng.u64(2..9);
        self.line(&format!("let base = {base}u64;"));
        for it in self.variables.clone() {
            let starts = TYPES.iter().find(|(ty, _)| *ty == it.ty).expect("it is one of them").1;
            let start = starts[self.rng.usize(..starts.len())];
            self.line(&format!("let mut {}: {} = {start};", it.name, it.ty));
        }
        let count = self.rng.usize(1..=3);
        self.is_marked = count > 1 || self.now_and_then(2);
        self.outside();
        for at in 0..count {
            self.outermost();
            if at + 1 < count {
                self.outside();
            }
        }
        self.behind();
    }

    /// Writes the statements in front of a loop.
    fn outside(&mut self) {
        for _ in 0..self.rng.u8(..4) {
            match self.rng.u8(..5) {
                0 => self.step(Where::Outside),
                1 => {
                    let (place, number) = (self.place(), self.number(Where::Outside));
                    self.line(&format!("let base = step!(\"{place}\", {number} + base % 7);"));
                }
                2 | 3 => self.changes(Where::Outside),
                _ => self.see(Where::Outside),
            }
        }
        if self.now_and_then(3) {
            let values = self.values(Where::Outside);
            self.line(&format!(
                "let base = base + format!(\"{{:?}}\", {values}).len() as u64 % 5;"
            ));
        }
    }

    fn behind(&mut self) {
        for _ in 0..self.rng.u8(..4) {
            match self.rng.u8(..4) {
                0 => self.step(Where::Behind),
                1 | 2 => self.changes(Where::Behind),
                _ => self.see(Where::Behind),
            }
        }
        let values = self.values(Where::Behind);
        self.line(&format!("Ok(format!(\"{{:?}}\", {values}))"));
    }

    fn outermost(&mut self) {
        self.loops += 1;
        let has_inner = !self.kind.has_policy && self.now_and_then(3);
        let visible = self.visible(Where::Outside);
        let mut head = heads::outer(self.rng, &visible, self.loops);
        // A variable that is borrowed by the head is not available for another attempt.
        while self.kind.has_policy && head.lent.is_some() {
            head = heads::outer(self.rng, &visible, self.loops);
        }
        let condition =
            (!visible.is_empty() && self.now_and_then(6)).then(|| self.number(Where::Outside));
        if let Some(number) = &condition {
            self.open(&format!("if {number} % 3 != 0"));
        }
        self.line("began();");
        if !head.before.is_empty() {
            self.line(&head.before);
        }
        let is_free = head.lent.is_none() && head.queue.is_none();
        let is_while = head.text.starts_with("while");
        let has_inner = has_inner && is_free;
        self.way = self.choose_way(is_free && !has_inner);
        let is_marked = self.is_marked || has_inner || is_while;
        let options = self.way.options();
        match options.is_empty() {
            false => self.line(&format!("#[resume({options})]")),
            true if is_marked => self.line("#[resume]"),
            true => {}
        }
        self.open(&format!("'outer_{}: {}", self.loops, head.text));
        self.enter(&head);
        if has_inner {
            self.around_another();
        } else {
            self.innermost(self.loops);
        }
        self.way = Way::default();
        self.leave();
        self.close();
        if condition.is_some() {
            self.close();
        }
    }

    /// Begins the body behind a head.
    fn enter(&mut self, head: &Head) {
        if !head.first.is_empty() {
            self.line(&head.first);
        }
        self.lent.clone_from(&head.lent);
        self.queue.clone_from(&head.queue);
    }

    fn leave(&mut self) {
        self.lent = None;
        self.queue = None;
    }

    fn around_another(&mut self) {
        let outer = self.loops;
        for _ in 0..self.rng.u8(..3) {
            match self.rng.u8(..3) {
                0 => self.step(Where::BeforeInner),
                1 => self.changes(Where::BeforeInner),
                _ => self.see(Where::BeforeInner),
            }
        }
        let own = self.now_and_then(2).then(|| {
            let name = format!("own_{outer}");
            self.line(&format!("let mut {name} = 0u64;"));
            Variable { name, ty: "u64" }
        });
        self.declared.extend(own.clone());
        self.inner = own.into_iter().collect();
        let visible = self.visible(Where::BeforeInner);
        let head = heads::inner(self.rng, &visible);
        self.line("began();");
        self.line("#[resume]");
        self.open(&head.text);
        self.enter(&head);
        self.innermost(outer);
        self.leave();
        self.close();
        for _ in 0..self.rng.u8(..3) {
            match self.rng.u8(..3) {
                0 => self.step(Where::AfterInner),
                1 => self.changes(Where::AfterInner),
                _ => self.see(Where::AfterInner),
            }
        }
        self.ended();
        self.inner.clear();
    }

    /// Notes the values of the variables from before all loops; if one of them is borrowed, notes that they are not
    /// known.
    pub(super) fn ended(&mut self) {
        if self.lent.is_some() {
            return self.line("began();");
        }
        let names: Vec<String> =
            self.variables.iter().map(|it| format!("&{}, ", it.name)).collect();
        self.line(&format!("ended(({}));", names.concat()));
    }

    fn innermost(&mut self, outer: usize) {
        let at = Where::Innermost;
        if self.begin_item() {
            return self.beside();
        }
        let count = self.rng.u8(2..7);
        let stepped = self.rng.u8(..count);
        for statement in 0..count {
            if statement == stepped {
                self.step(at);
                continue;
            }
            match self.rng.u8(..13) {
                0..=4 => self.changes(at),
                5 => self.see(at),
                6 => self.step(at),
                7 => self.leaves("continue"),
                8 => {
                    let way = [
                        "break".to_owned(),
                        format!("break 'outer_{outer}"),
                        format!("continue 'outer_{outer}"),
                    ];
                    let way = way[self.rng.usize(..way.len())].clone();
                    self.leaves(&way);
                }
                9 => {
                    let values = self.values(at);
                    self.leaves(&format!("return Ok(format!(\"left {{:?}}\", {values}))"));
                }
                10 if self.way.rejects() => self.rejects(),
                11 => self.unmarked(),
                _ => {
                    let number = self.number(at);
                    self.line(&format!("let more = Some({number}).ok_or(Stop::Rejected(0))?;"));
                    self.line("see(\"more\", more);");
                }
            }
        }
        self.ended();
    }

    /// Writes a statement that leaves the item in the given way, for some numbers.
    pub(super) fn leaves(&mut self, way: &str) {
        let number = self.number(Where::Innermost);
        let divisor = if way.starts_with("continue") { 3 } else { 11 };
        let rest = self.rng.u64(..divisor);
        self.open(&format!("if {number} % {divisor} == {rest}"));
        match way.split(' ').next() {
            Some("continue") => self.ended(),
            Some("break") => self.line("broke();"),
            _ => {}
        }
        self.line(&format!("{way};"));
        self.close();
    }

    /// Writes a loop within an item, which the attribute ignores.
    fn unmarked(&mut self) {
        self.open("for y in 0..3u64");
        let number = self.number(Where::Innermost);
        match self.rng.u8(..3) {
            0 => self.line(&format!("if y == {number} % 4 {{ break; }}")),
            1 => self.line("if y == 1 { continue; }"),
            _ => {}
        }
        self.changes(Where::Innermost);
        if self.now_and_then(2) {
            self.step(Where::Innermost);
        }
        self.close();
    }
}
