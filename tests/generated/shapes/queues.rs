// A worklist comes back as it was, and so do the variables around its loop.

// kept
mod breadth_first {
    #[resumable(backend = store(), carry(queue, seen))]
    fn crawl(start: u64) -> Result<Vec<u64>, Stop> {
        let mut queue = Worklist::from([start]);
        let mut seen = Vec::new();
        #[resume]
        while let Some(page) = queue.pop_front() {
            step("page", page)?;
            seen.push(page);
            queue.extend([2 * page, 2 * page + 1].into_iter().filter(|to| *to < 8));
        }
        Ok(seen)
    }
    pub fn run() -> String { format!("{:?}", crawl(1)) }
}

// kept
mod urgent_first {
    #[resumable(backend = store(), carry(queue))]
    fn work(jobs: &[u64]) -> Result<u64, Stop> {
        let mut queue: Worklist<u64> = jobs.iter().copied().collect();
        let mut done = 0;
        #[resume]
        while let Some(job) = queue.pop_front() {
            step("job", job)?;
            if job % 2 == 0 { queue.push_front(job / 2); }
            if job == 3 { queue.pop_back(); }
        }
        done += queue.len() as u64;
        Ok(done)
    }
    pub fn run() -> String { format!("{:?}", work(&[4, 3, 1, 9])) }
}

// kept
mod length_before_and_behind {
    #[resumable(backend = store(), carry(queue, sum))]
    fn work(jobs: &[u64]) -> Result<(usize, usize, u64), Stop> {
        let mut queue: Worklist<u64> = jobs.iter().copied().collect();
        let mut sum = 0;
        let first = queue.len();
        #[resume]
        for job in jobs {
            step("job", job)?;
            if job % 2 == 1 { queue.push_back(job * 10); }
        }
        let second = queue.len();
        #[resume]
        while let Some(job) = queue.pop_front() {
            step("queued", job)?;
            sum += job;
        }
        Ok((first, second, sum))
    }
    pub fn run() -> String { format!("{:?}", work(&[4, 3, 1])) }
}

// kept
mod two_queues_that_change_places {
    #[resumable(backend = store(), carry(now, next))]
    fn levels(root: u64) -> Result<u64, Stop> {
        let mut now = Worklist::from([root]);
        let mut next = Worklist::new();
        let mut depth = 0;
        #[resume]
        for level in 0..3u64 {
            step("level", (level, now.len()))?;
            while let Some(node) = now.pop_front() {
                next.extend([2 * node, 2 * node + 1]);
            }
            std::mem::swap(&mut now, &mut next);
        }
        depth += now.iter().sum::<u64>();
        Ok(depth)
    }
    pub fn run() -> String { format!("{:?}", levels(1)) }
}

// kept
mod taken_and_put_back {
    #[resumable(backend = store(), carry(queue))]
    fn rotate(times: &[u64]) -> Result<Vec<u64>, Stop> {
        let mut queue = Worklist::from([1u64, 2, 3]);
        for count in times {
            step("count", count)?;
            let old = std::mem::take(&mut queue);
            queue = old.into_iter().rev().collect();
            queue.push_back(*count);
        }
        Ok(queue.into())
    }
    pub fn run() -> String { format!("{:?}", rotate(&[7, 8, 9])) }
}

// kept
mod cloned_for_later {
    #[resumable(backend = store(), carry(queue))]
    fn copies(ids: &[u64]) -> Result<(Vec<u64>, Vec<u64>), Stop> {
        let mut queue = Worklist::from([5u64, 6]);
        let before = queue.clone();
        for id in ids {
            step("id", id)?;
            let mut other = queue.clone();
            other.push_front(*id);
            queue = other;
            queue.pop_back();
        }
        Ok((before.into(), queue.into()))
    }
    pub fn run() -> String { format!("{:?}", copies(&[1, 2, 3])) }
}

// kept
mod cleared_in_the_middle {
    #[resumable(backend = store(), carry(queue, count))]
    fn restart(start: u64) -> Result<u64, Stop> {
        let mut queue = Worklist::from([start]);
        let mut count = 0u64;
        #[resume]
        while let Some(job) = queue.pop_back() {
            step("job", job)?;
            count += 1;
            queue.push_back(job + 1);
            queue.push_front(job + 1);
            if count == 3 { queue.clear(); queue.push_back(100); }
            if count == 5 { break; }
        }
        Ok(count + queue.len() as u64)
    }
    pub fn run() -> String { format!("{:?}", restart(1)) }
}

// kept
mod of_structs_with_options {
    #[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
    struct Task { id: u64, parent: Option<Box<Task>>, #[serde(default, skip_serializing_if = "Vec::is_empty")] tags: Vec<String> }
    #[resumable(backend = store(), carry(queue, names))]
    fn tasks(roots: &[u64]) -> Result<Vec<String>, Stop> {
        let mut queue: Worklist<Task> = roots.iter().map(|id| Task { id: *id, parent: None, tags: vec![] }).collect();
        let mut names = Vec::new();
        #[resume]
        while let Some(task) = queue.pop_front() {
            step("task", task.id)?;
            names.push(format!("{task:?}"));
            if task.id < 4 {
                let id = task.id * 2 + 1;
                queue.push_back(Task { id, tags: vec![id.to_string()], parent: Some(Box::new(task)) });
            }
        }
        Ok(names)
    }
    pub fn run() -> String { format!("{:?}", tasks(&[1, 2])) }
}

// kept
mod within_an_outer_loop {
    #[resumable(backend = store(), carry(queue, total))]
    fn nested(roots: &[u64]) -> Result<u64, Stop> {
        let mut queue = Worklist::new();
        let mut total = 0;
        #[resume]
        for root in roots {
            queue.push_back(*root);
            let waiting = queue.len() as u64;
            #[resume]
            for part in 0..2u64 {
                step("part", (root, part, waiting))?;
                queue.push_back(root * 10 + part);
                total += queue.pop_front().unwrap_or(0);
            }
            total += waiting;
        }
        Ok(total + queue.iter().sum::<u64>())
    }
    pub fn run() -> String { format!("{:?}", nested(&[1, 2, 3])) }
}

// kept
mod declared_in_an_outer_loop {
    #[resumable(backend = store(), carry(queue, total))]
    fn nested(roots: &[u64]) -> Result<u64, Stop> {
        let mut total = 0;
        #[resume]
        for root in roots {
            let mut queue = Worklist::from([*root]);
            #[resume]
            while let Some(node) = queue.pop_front() {
                step("node", (root, node))?;
                total += node;
                if node < 4 { queue.push_back(node * 2); }
            }
            total += queue.len() as u64;
        }
        Ok(total)
    }
    pub fn run() -> String { format!("{:?}", nested(&[1, 3])) }
}
