//! One page in several formats.

use dsg_core::DocId;
use dsg_dedupe::{DedupeConfig, cluster_documents};

const BODY: &str = "Submits a batch script to the scheduler. The script may be given by name or read from standard input. \
    It contains options after the directive and before any command. The command returns as soon as the script has been \
    handed over; the job may wait in the queue until resources become free. Standard output goes to a file named after \
    the job.";

#[test]
fn formats_of_a_page_cluster_and_other_pages_do_not() {
    let markdown = format!(
        "# submit\n\n**Submit** — *batch*\n\n{}",
        BODY.replace("options", "**options**")
    );
    let text = format!("SUBMIT(1)\n\n       {}", BODY.replace(". ", ".\n       "));
    let other = "Shows the state of nodes and partitions. Each line names a partition, its limit and how many nodes are \
        idle, allocated or drained, with the reason why an administrator took them out of service.";
    let docs = [
        ("b-txt", text.as_str()),
        ("a-md", markdown.as_str()),
        ("c", other),
        ("empty", ""),
        ("void", " \n"),
    ];
    let clusters = cluster_documents(
        docs.map(|(id, text)| (DocId::from_existing(id), text)),
        &DedupeConfig::default(),
    )
    .unwrap();
    let names: Vec<Vec<&str>> = clusters
        .iter()
        .map(|cluster| cluster.iter().map(DocId::as_str).collect())
        .collect();
    assert_eq!(
        names,
        [
            vec!["a-md", "b-txt"],
            vec!["c"],
            vec!["empty"],
            vec!["void"]
        ]
    );
}
