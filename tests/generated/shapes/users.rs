// Programs as their users write them.

// kept
mod depth_first {
    use std::collections::*;
    #[resumable(backend = store(), carry(stack, order, seen))]
    fn job(graph: &BTreeMap<u32, Vec<u32>>, root: u32) -> Result<Vec<u32>, Stop> {
        let mut stack = vec![(root, 0usize)];
        let mut order = vec![];
        let mut seen = BTreeSet::from([root]);
        #[resume]
        'walk: while let Some((node, at)) = stack.pop() {
            step("item", (node, at))?;
            let Some(next) = graph.get(&node) else {
                order.push(node);
                continue;
            };
            for (i, &to) in next.iter().enumerate().skip(at) {
                if seen.insert(to) {
                    stack.push((node, i + 1));
                    stack.push((to, 0));
                    continue 'walk;
                }
            }
            order.push(node);
            if order.len() > 50 {
                break 'walk;
            }
        }
        Ok(order)
    }
    pub fn run() -> String {
        format!("{:?}", job(&BTreeMap::from([(1, vec![2, 3]), (2, vec![4]), (3, vec![4, 5])]), 1))
    }
}

// kept
mod in_order_of_what_needs_what {
    use std::collections::*;
    #[resumable(backend = store(), carry(ready, indeg, out))]
    fn job(n: usize, edges: &[(usize, usize)]) -> Result<Option<Vec<usize>>, Stop> {
        let mut indeg = vec![0; n];
        for &(_, b) in edges {
            indeg[b] += 1;
        }
        let mut ready: VecDeque<usize> = (0..n).filter(|&i| indeg[i] == 0).collect();
        let mut out = Vec::with_capacity(n);
        #[resume]
        while let Some(v) = ready.pop_front() {
            step("item", v)?;
            out.push(v);
            for &(_, b) in edges.iter().filter(|e| e.0 == v) {
                indeg[b] -= 1;
                if indeg[b] == 0 {
                    ready.push_back(b);
                }
            }
        }
        Ok((out.len() == n).then_some(out))
    }
    pub fn run() -> String {
        format!("{:?}", job(4, &[(0, 1), (1, 2), (0, 3), (3, 2)]))
    }
}

// kept
mod shortest_ways {
    use std::cmp::Reverse;
    use std::collections::*;
    #[resumable(backend = store(), carry(heap, dist))]
    fn job(g: &[Vec<(usize, u64)>]) -> Result<Vec<Option<u64>>, Stop> {
        let mut dist = vec![None; g.len()];
        let mut heap = BinaryHeap::from([Reverse((0u64, 0usize))]);
        dist[0] = Some(0);
        #[resume]
        while let Some(Reverse((d, v))) = heap.pop() {
            if dist[v].is_some_and(|best| best < d) {
                continue;
            }
            step("item", (v, d))?;
            for &(to, w) in &g[v] {
                let nd = d + w;
                match dist[to] {
                    Some(old) if old <= nd => {}
                    ref mut slot => {
                        *slot = Some(nd);
                        heap.push(Reverse((nd, to)));
                    }
                }
            }
        }
        Ok(dist)
    }
    pub fn run() -> String {
        format!("{:?}", job(&[vec![(1, 4), (2, 1)], vec![(3, 1)], vec![(1, 2), (3, 9)], vec![]]))
    }
}

// kept
mod a_list_of_boxes_reversed {
    #[derive(serde::Serialize, serde::Deserialize, Debug, Clone)]
    struct Node {
        v: u32,
        next: Option<Box<Node>>,
    }
    fn list(n: u32) -> Option<Box<Node>> {
        let mut h = None;
        for v in 0..n {
            h = Some(Box::new(Node { v, next: h }))
        }
        h
    }
    #[resumable(backend = store(), carry(rest, done))]
    fn job(mut rest: Option<Box<Node>>) -> Result<Vec<u32>, Stop> {
        let mut done = None;
        #[resume]
        while let Some(mut n) = rest.take() {
            step("item", n.v)?;
            rest = std::mem::replace(&mut n.next, done);
            done = Some(n);
        }
        let mut v = vec![];
        while let Some(n) = done {
            v.push(n.v);
            done = n.next;
        }
        Ok(v)
    }
    pub fn run() -> String {
        format!("{:?}", job(list(4)))
    }
}

// kept
mod a_list_of_boxes_sorted {
    #[derive(serde::Serialize, serde::Deserialize, Debug, Clone)]
    struct Node {
        v: u32,
        next: Option<Box<Node>>,
    }
    #[resumable(backend = store(), carry(head))]
    fn job(xs: &[u32]) -> Result<String, Stop> {
        let mut head: Option<Box<Node>> = None;
        for &x in xs {
            let mut at = &mut head;
            while at.as_ref().is_some_and(|n| n.v < x) {
                at = &mut at.as_mut().unwrap().next;
            }
            let rest = at.take();
            *at = Some(Box::new(Node { v: x, next: rest }));
            step("item", x)?;
        }
        Ok(format!("{head:?}"))
    }
    pub fn run() -> String {
        format!("{:?}", job(&[2, 3, 1]))
    }
}

// kept
mod a_tree_of_boxes {
    #[derive(serde::Serialize, serde::Deserialize, Default, Debug)]
    struct Tree {
        key: u32,
        kids: [Option<Box<Tree>>; 2],
    }
    #[resumable(backend = store(), carry(root))]
    fn job(xs: &[u32]) -> Result<String, Stop> {
        let mut root: Option<Box<Tree>> = None;
        for &key in xs {
            step("item", key)?;
            let mut at = &mut root;
            while let Some(t) = at {
                at = &mut t.kids[(key > t.key) as usize];
            }
            at.get_or_insert_with(|| Box::new(Tree { key, ..Default::default() }));
        }
        Ok(format!("{root:?}"))
    }
    pub fn run() -> String {
        format!("{:?}", job(&[2, 3, 1]))
    }
}

// kept
mod states_by_value {
    #[derive(serde::Serialize, serde::Deserialize, Clone, Debug, PartialEq)]
    enum State {
        Out,
        In { depth: u32, text: String },
        Done(Box<State>),
    }
    #[resumable(backend = store(), carry(state, words))]
    fn job(text: &str) -> Result<(Vec<String>, State), Stop> {
        let mut state = State::Out;
        let mut words = vec![];
        for c in text.chars() {
            step("item", c)?;
            state = match (state, c) {
                (State::Out, '(') => State::In { depth: 1, text: String::new() },
                (State::In { depth, mut text }, '(') => {
                    text.push(c);
                    State::In { depth: depth + 1, text }
                }
                (State::In { depth: 1, text }, ')') => {
                    words.push(text);
                    State::Out
                }
                (State::In { depth, text }, ')') => {
                    State::In { depth: depth - 1, text: text + ")" }
                }
                (State::In { depth, text }, c) => State::In { text: format!("{text}{c}"), depth },
                (s @ State::Out, ' ') => s,
                (s, '$') => State::Done(Box::new(s)),
                (s, _) => s,
            };
            if matches!(state, State::Done(_)) {
                break;
            }
        }
        Ok((words, state))
    }
    pub fn run() -> String {
        format!("{:?}", job("a(b(c)d)(e)$f"))
    }
}

// kept
mod states_by_reference {
    #[derive(serde::Serialize, serde::Deserialize, Clone, Debug)]
    enum State {
        Out(u32),
        In { text: String },
    }
    #[resumable(backend = store(), carry(state))]
    fn job(text: &str) -> Result<State, Stop> {
        let mut state = State::Out(0);
        for c in text.chars() {
            step("item", c)?;
            match &mut state {
                State::Out(n) if c == '<' => {
                    *n += 1;
                    state = State::In { text: n.to_string() }
                }
                State::Out(n) => *n += 10,
                State::In { text } if c == '>' => {
                    let n = text.len() as u32;
                    state = State::Out(n)
                }
                State::In { text } => text.push(c),
            }
        }
        Ok(state)
    }
    pub fn run() -> String {
        format!("{:?}", job("a<bc>d<e"))
    }
}

// kept
mod two_lists_merged {
    #[resumable(backend = store(), carry(i, j, out))]
    fn job(a: &[u32], b: &[u32]) -> Result<Vec<u32>, Stop> {
        let (mut i, mut j) = (0, 0);
        let mut out = Vec::with_capacity(a.len() + b.len());
        #[resume]
        while i < a.len() && j < b.len() {
            step("item", (i, j))?;
            if a[i] <= b[j] {
                out.push(a[i]);
                i += 1
            } else {
                out.push(b[j]);
                j += 1
            }
        }
        out.extend_from_slice(&a[i..]);
        out.extend(&b[j..]);
        Ok(out)
    }
    pub fn run() -> String {
        format!("{:?}", job(&[1, 4, 6], &[2, 3, 9]))
    }
}

// kept
mod the_next_key_of_a_map {
    #[resumable(backend = store(), carry(m, at))]
    fn job(mut m: BTreeMap<u32, u32>) -> Result<BTreeMap<u32, u32>, Stop> {
        let mut at = 0;
        #[resume]
        while let Some((&k, &v)) = m.range(at..).next() {
            step("item", (k, v))?;
            if v > 1 {
                m.insert(k * 3, v - 1);
            }
            if k % 2 == 1 {
                m.remove(&k);
            }
            at = k + 1;
        }
        Ok(m)
    }
    pub fn run() -> String {
        format!("{:?}", job(BTreeMap::from([(1, 2), (2, 3), (5, 1)])))
    }
}

// kept
mod the_first_entry_of_a_map {
    #[resumable(backend = store(), carry(m))]
    fn job(mut m: BTreeMap<u32, u32>) -> Result<u32, Stop> {
        #[resume]
        while let Some(mut e) = m.first_entry() {
            step("item", *e.key())?;
            *e.get_mut() -= 1;
            if *e.get() == 0 {
                e.remove();
            } else if *e.key() > 90 {
                break;
            }
        }
        Ok(m.len() as u32)
    }
    pub fn run() -> String {
        format!("{:?}", job(BTreeMap::from([(1, 2), (4, 1), (99, 7)])))
    }
}

// kept
mod batches_that_are_split_off {
    #[resumable(backend = store(), carry(buf, flushed))]
    fn job(xs: &[u32]) -> Result<(Vec<u32>, Vec<Vec<u32>>), Stop> {
        let mut buf: Vec<u32> = vec![];
        let mut flushed = vec![];
        for x in xs {
            step("item", x)?;
            buf.push(*x);
            buf.retain(|y| y % 5 != 0);
            if buf.len() >= 3 {
                let rest = buf.split_off(2);
                flushed.push(std::mem::replace(&mut buf, rest));
            }
            if x % 7 == 0 {
                flushed.push(buf.drain(..).collect())
            }
        }
        if !buf.is_empty() {
            flushed.push(std::mem::take(&mut buf))
        }
        Ok((buf, flushed))
    }
    pub fn run() -> String {
        format!("{:?}", job(&[1, 2, 5, 3, 7, 8, 4, 6, 9]))
    }
}

// kept
mod the_largest_ones {
    use std::cmp::Reverse;
    use std::collections::*;
    #[resumable(backend = store(), carry(heap))]
    fn job(xs: &[u32], k: usize) -> Result<Vec<u32>, Stop> {
        let mut heap = BinaryHeap::new();
        for &x in xs {
            step("item", x)?;
            if heap.len() < k {
                heap.push(Reverse(x));
            } else if let Some(mut top) = heap.peek_mut()
                && top.0 < x
            {
                *top = Reverse(x);
            }
        }
        let mut v: Vec<_> = heap.into_sorted_vec().into_iter().map(|Reverse(x)| x).collect();
        v.sort();
        Ok(v)
    }
    pub fn run() -> String {
        format!("{:?}", job(&[4, 1, 7, 3, 9], 2))
    }
}

// kept
mod parts_of_a_tuple_and_an_array {
    #[resumable(backend = store(), carry(t))]
    fn job(xs: &[u32]) -> Result<(u32, Vec<u32>, [u8; 3]), Stop> {
        let mut t = (0, vec![], [0u8; 3]);
        for x in xs {
            step("item", x)?;
            t.0 += x;
            t.1.push(t.0);
            t.2[(*x % 3) as usize] = t.2[(*x % 3) as usize].wrapping_add(1);
            let (ref mut a, ref b, _) = t;
            *a += b.len() as u32;
        }
        Ok(t)
    }
    pub fn run() -> String {
        format!("{:?}", job(&[1, 2, 5]))
    }
}

// kept
mod groups_of_neighbours {
    #[resumable(backend = store(), carry(cur, out))]
    fn job(xs: &[(char, u32)]) -> Result<Vec<(char, Vec<u32>)>, Stop> {
        let mut cur: Option<(char, Vec<u32>)> = None;
        let mut out = vec![];
        for &(k, v) in xs {
            step("item", v)?;
            match cur.take() {
                Some((k2, mut vs)) if k2 == k => {
                    vs.push(v);
                    cur = Some((k, vs))
                }
                old => {
                    out.extend(old);
                    cur = Some((k, vec![v]))
                }
            }
        }
        out.extend(cur);
        Ok(out)
    }
    pub fn run() -> String {
        format!("{:?}", job(&[('a', 1), ('a', 2), ('b', 3)]))
    }
}

// kept
mod two_generations_that_change_places {
    #[resumable(backend = store(), carry(now, next))]
    fn job(rule: u8, n: u32) -> Result<Vec<bool>, Stop> {
        let mut now = vec![false; 5];
        now[2] = true;
        let mut next = now.clone();
        for gen_no in 0..n {
            step("item", gen_no)?;
            for i in 0..now.len() {
                let l = i.checked_sub(1).map_or(false, |j| now[j]);
                let r = now.get(i + 1).copied().unwrap_or_default();
                next[i] = rule >> (l as u8 * 4 + now[i] as u8 * 2 + r as u8) & 1 == 1;
            }
            std::mem::swap(&mut now, &mut next);
        }
        Ok(now)
    }
    pub fn run() -> String {
        format!("{:?}", job(30, 3))
    }
}

// kept
mod two_accounts_at_once {
    #[derive(serde::Serialize, serde::Deserialize, Debug, Clone)]
    struct Acct {
        id: u32,
        bal: i64,
        hist: Vec<i64>,
    }
    #[resumable(backend = store(), carry(accts))]
    fn job(mut accts: Vec<Acct>, moves: &[(usize, usize, i64)]) -> Result<Vec<Acct>, Stop> {
        for &(a, b, n) in moves {
            step("item", (a, b, n))?;
            if a == b {
                continue;
            }
            let [x, y] = accts.get_disjoint_mut([a, b]).unwrap();
            x.bal -= n;
            y.bal += n;
            x.hist.push(-n);
            y.hist.extend([n]);
            accts[a].id += 100;
        }
        accts.sort_by_key(|a| std::cmp::Reverse(a.bal));
        Ok(accts)
    }
    pub fn run() -> String {
        format!(
            "{:?}",
            job(
                (0..3).map(|id| Acct { id, bal: 10, hist: vec![] }).collect(),
                &[(0, 1, 5), (1, 1, 2), (2, 0, 3)]
            )
        )
    }
}

// kept
mod loops_that_are_left_between {
    #[resumable(backend = store(), carry(all, a, b))]
    fn job(rows: &[Vec<u32>]) -> Result<Vec<u32>, Stop> {
        let mut all = vec![];
        let mut b = 0;
        #[resume]
        'r: for row in rows {
            let mut a = all.len() as u32;
            #[resume]
            for x in row {
                step("item", x)?;
                a += x;
                if a > 50 {
                    break 'r;
                }
            }
            if a % 2 == 1 {
                all.push(a);
                b += 1;
                continue 'r;
            }
            b *= 2;
            #[resume]
            for x in row.iter().rev() {
                step("item", (x, b))?;
                a -= x;
                b += a;
                if b > 20 {
                    continue 'r;
                }
            }
            all.push(a * 100 + b);
        }
        all.push(b);
        Ok(all)
    }
    pub fn run() -> String {
        format!("{:?}", job(&[vec![1, 2], vec![3, 5], vec![], vec![4, 6], vec![70]]))
    }
}

// kept
mod lines_of_chunks {
    #[resumable(backend = store(), carry(pending, lines))]
    fn job(chunks: &[&str]) -> Result<Vec<String>, Stop> {
        let mut pending = String::new();
        let mut lines = Vec::new();
        for chunk in chunks {
            pending.push_str(chunk);
            while let Some(at) = pending.find('\n') {
                let line: String = pending.drain(..=at).collect();
                step("item", line.trim_end())?;
                lines.push(line);
            }
        }
        if !pending.is_empty() {
            lines.push(std::mem::take(&mut pending))
        }
        Ok(lines)
    }
    pub fn run() -> String {
        format!("{:?}", job(&["a\nb", "c\n", "", "d"]))
    }
}

// kept
mod a_worklist_with_a_loop_in_it {
    use std::collections::*;
    #[resumable(backend = store(), carry(queue, n, local))]
    fn job(start: u32) -> Result<u32, Stop> {
        let mut queue = VecDeque::from(vec![start]);
        let mut n = 0;
        #[resume]
        'q: while let Some(x) = queue.pop_front() {
            let mut local = x;
            #[resume]
            for y in 0..x {
                step("item", (x, y))?;
                local += y;
                if local > 12 {
                    continue 'q;
                }
                if y + 1 < x && y > 0 {
                    queue.push_back(y)
                }
            }
            n += local;
        }
        Ok(n)
    }
    pub fn run() -> String {
        format!("{:?}", job(4))
    }
}

// kept
mod a_stack_of_lists {
    #[derive(serde::Serialize, serde::Deserialize, Debug, Clone, PartialEq)]
    enum T {
        Leaf(u32),
        Node(Vec<T>),
    }
    #[resumable(backend = store(), carry(stack))]
    fn job(text: &str) -> Result<Option<T>, Stop> {
        let mut stack: Vec<Vec<T>> = vec![vec![]];
        for tok in text.split(' ') {
            step("item", tok)?;
            match tok {
                "(" => stack.push(vec![]),
                ")" => {
                    let Some(done) = stack.pop() else { return Ok(None) };
                    let Some(top) = stack.last_mut() else { return Ok(None) };
                    top.push(T::Node(done));
                }
                n => {
                    if let (Some(top), Ok(n)) = (stack.last_mut(), n.parse()) {
                        top.push(T::Leaf(n))
                    }
                }
            }
        }
        Ok(stack.pop().and_then(|mut v| v.pop()))
    }
    pub fn run() -> String {
        format!("{:?}", job("( 1 ( 2 3 ) )"))
    }
}

// kept
mod the_next_permutation {
    #[resumable(backend = store(), carry(p, count))]
    fn job(mut p: Vec<u8>) -> Result<(u32, Vec<u8>), Stop> {
        let mut count = 1;
        #[resume]
        while let Some(i) = p.windows(2).rposition(|w| w[0] < w[1]) {
            let j = p.iter().rposition(|x| *x > p[i]).unwrap();
            p.swap(i, j);
            p[i + 1..].reverse();
            step("item", &p)?;
            count += 1;
        }
        Ok((count, p))
    }
    pub fn run() -> String {
        format!("{:?}", job(vec![1, 2, 3]))
    }
}

// kept
mod fields_in_quotes {
    #[resumable(backend = store(), carry(field, row, rows, in_q))]
    fn job(text: &str) -> Result<Vec<Vec<String>>, Stop> {
        let (mut field, mut row, mut rows, mut in_q) =
            (String::new(), Vec::<String>::new(), vec![], false);
        for c in text.chars() {
            step("item", c)?;
            match (c, in_q) {
                ('"', q) => in_q = !q,
                (',', false) => row.push(std::mem::take(&mut field)),
                ('\n', false) => {
                    row.push(std::mem::take(&mut field));
                    rows.push(std::mem::take(&mut row))
                }
                (c, _) => field.push(c),
            }
        }
        Ok(rows)
    }
    pub fn run() -> String {
        format!("{:?}", job("a,\"b\nc\"\nd,e\n"))
    }
}

// kept
mod an_option_that_is_taken_between_loops {
    #[resumable(backend = store(), carry(pending, out))]
    fn job(rows: &[Vec<u32>]) -> Result<(Vec<u32>, Option<u32>), Stop> {
        let mut pending: Option<u32> = Some(7);
        let mut out = vec![];
        #[resume]
        for row in rows {
            let mine = pending.take().unwrap_or(0);
            #[resume]
            for x in row {
                step("item", (x, mine))?;
                out.push(x + mine);
                if *x == 4 {
                    pending = Some(40)
                }
            }
            if pending.is_none() && mine > 0 {
                pending = Some(mine - 1)
            }
        }
        Ok((out, pending))
    }
    pub fn run() -> String {
        format!("{:?}", job(&[vec![1, 2], vec![3, 4], vec![5], vec![6]]))
    }
}

// kept
mod levels_by_levels {
    use std::collections::*;
    #[resumable(backend = store(), carry(frontier, seen, next))]
    fn job(edges: &[(u32, u32)], depth: u32) -> Result<BTreeSet<u32>, Stop> {
        let mut frontier = vec![1u32];
        let mut seen: BTreeSet<u32> = frontier.iter().copied().collect();
        #[resume]
        for d in 0..depth {
            let mut next = vec![];
            #[resume]
            for f in &frontier {
                step("item", (d, f))?;
                for (a, b) in edges {
                    if a == f && seen.insert(*b) {
                        next.push(*b)
                    }
                }
            }
            if next.is_empty() {
                break;
            }
            frontier = next;
        }
        seen.extend(frontier.drain(..));
        Ok(seen)
    }
    pub fn run() -> String {
        format!("{:?}", job(&[(1, 2), (2, 3), (2, 4), (4, 5), (1, 6)], 5))
    }
}

// kept
mod a_queue_that_a_loop_in_a_loop_empties {
    use std::collections::*;
    #[resumable(backend = store(), carry(queue, out))]
    fn job(rows: &[Vec<u32>]) -> Result<Vec<u32>, Stop> {
        let mut queue: VecDeque<u32> = VecDeque::new();
        let mut out = vec![];
        #[resume]
        for row in rows {
            queue.extend(row);
            #[resume]
            while queue.len() > 2 {
                let x = queue.pop_front().unwrap();
                step("item", x)?;
                out.push(x);
                if x % 3 == 0 {
                    queue.push_back(x + 1)
                }
            }
        }
        out.extend(queue);
        Ok(out)
    }
    pub fn run() -> String {
        format!("{:?}", job(&[vec![1, 2], vec![3, 4], vec![5], vec![6]]))
    }
}

// kept
mod a_list_that_shrinks_and_grows {
    #[resumable(backend = store(), carry(v, i))]
    fn job(mut v: Vec<u32>) -> Result<Vec<u32>, Stop> {
        let mut i = 0;
        #[resume]
        while i < v.len() {
            step("item", (i, v[i]))?;
            if v[i] == 0 {
                v.swap_remove(i);
                continue;
            }
            if v[i] > 5 {
                let x = v[i];
                v.push(x - 6)
            }
            i += 1;
        }
        Ok(v)
    }
    pub fn run() -> String {
        format!("{:?}", job(vec![0, 7, 0, 2]))
    }
}

// kept
mod names_that_generated_code_has {
    #[resumable(backend = store(), carry(run, item))]
    fn job(xs: &[u32], value: u32, check: u32) -> Result<u32, Stop> {
        let mut run = 0;
        let mut item = vec![];
        let it = 1;
        let error = 2;
        for job in xs {
            step("item", job)?;
            run += job + value + check + it + error;
            item.push(run);
        }
        Ok(run + item.len() as u32)
    }
    pub fn run() -> String {
        format!("{:?}", job(&[1, 2], 3, 4))
    }
}

// kept
mod a_value_that_a_return_gives {
    #[resumable(backend = store(), carry(n))]
    fn job(xs: &[u32]) -> Result<u32, Stop> {
        let n2;
        let mut n = 0;
        for x in xs {
            step("item", x)?;
            n += x;
            if n > 5 {
                n2 = n * 2;
                return Ok(n2);
            }
        }
        n2 = n;
        Ok(n2)
    }
    pub fn run() -> String {
        format!("{:?}", job(&[1, 2, 3, 4]))
    }
}

// kept
mod a_text_that_a_return_gives {
    #[resumable(backend = store(), carry(n))]
    fn job(xs: &[u32]) -> Result<String, Stop> {
        let out: String;
        let mut n = 0;
        for x in xs {
            step("item", x)?;
            n += x;
            if n > 2 {
                out = format!("{n}");
                see("seen", &out);
                return Ok(out);
            }
        }
        out = "none".into();
        Ok(out)
    }
    pub fn run() -> String {
        format!("{:?}", job(&[1, 2, 3, 4]))
    }
}

// kept
mod a_limit_that_is_decided_late {
    #[resumable(backend = store(), carry(n))]
    fn job(xs: &[u32], big: bool) -> Result<u32, Stop> {
        let limit;
        if big {
            limit = 9
        } else {
            limit = 2
        }
        let mut n = 0;
        for x in xs {
            step("item", x)?;
            n += x;
            if n > limit {
                let n = n + limit;
                return Ok(n + limit);
            }
        }
        Ok(n)
    }
    pub fn run() -> String {
        format!("{:?}", job(&[1, 2, 3, 4], false))
    }
}
