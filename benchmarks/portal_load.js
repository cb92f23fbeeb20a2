// Ask a server many questions from many clients at once; print what it took as JSON.
"use strict";

const autocannon = require("autocannon");
const { url, paths, connections, duration } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const requests = paths.map((path) => ({ path }));
let clients = 0;

// Each client begins elsewhere, so that no two ask the same at the same time.
function setupClient(client) {
  const first = Math.floor((requests.length * clients++) / connections) % requests.length;
  client.setRequests([...requests.slice(first), ...requests.slice(0, first)]);
}

autocannon({ url, connections, duration, setupClient }).then((told) => {
  const { latency, non2xx, errors, timeouts } = told;
  process.stdout.write(
    JSON.stringify({ requests: told.requests, latency, non2xx, errors, timeouts }),
  );
});
