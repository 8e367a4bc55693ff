//! Runs a worker in a process of its own, which may be killed.

mod work;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [kind, url, dir, name, items, slices] = arguments.as_slice() else {
        anyhow::bail!("unknown: {arguments:?}")
    };
    let work = work::Work {
        url: url.clone(),
        dir: dir.into(),
        name: name.clone(),
        items: items.parse()?,
        slices: slices.parse()?,
    };
    println!("began");
    let returned = work.run(kind)?;
    // The file is renamed when it is complete, so that a kill leaves all of it or none.
    let (id, half) =
        (std::process::id(), work.dir.join(format!(".returned-{}", std::process::id())));
    std::fs::write(&half, returned)?;
    std::fs::rename(half, work.dir.join(format!("returned-{id}")))?;
    Ok(())
}
