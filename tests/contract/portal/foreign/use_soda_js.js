// Write to the portal and read from it, as users of soda-js do, and print what came as JSON.
"use strict";

const soda = require("soda-js");

const { SITE, DATASET, NAME, SECRET } = process.env;
const login = { username: NAME, password: SECRET };

function asked(emitter) {
  return new Promise((resolve, reject) => {
    emitter.on("success", resolve);
    emitter.on("error", (problem) => reject(new Error(JSON.stringify(problem))));
  });
}

function producer() {
  return new soda.Producer(SITE, login).operation().withDataset(DATASET);
}

function query() {
  return new soda.Consumer(SITE).query().withDataset(DATASET);
}

async function main() {
  const found = {};
  found.filtered = await asked(
    query().where(soda.expr.gt("visits", 40)).order("visits desc").getRows(),
  );
  found.equal = await asked(query().where({ county: "Butte" }).getRows());
  found.pages = [];
  for (let offset = 0; offset < 6; offset += 2) {
    const page = await asked(query().order(":id").limit(2).offset(offset).getRows());
    found.pages.push(page.map((row) => row.county));
  }
  found.grouped = await asked(query().select("count(*)").getRows());
  found.upserted = await asked(producer().upsert([{ county: "Colusa", visits: 7 }]));
  found.added = await asked(producer().add({ county: "Del Norte", visits: 8 }));
  found.updated = await asked(producer().update("Colusa", { visits: 9 }));
  found.replaced = await asked(producer().replace("Del Norte", { day: "2024-01-01" }));
  found.deleted = await asked(producer().delete("Colusa"));
  found.left = await asked(query().select("county", "visits", "day").order("county").getRows());
  found.refused = await asked(
    new soda.Producer(SITE).operation().withDataset(DATASET).upsert([{ county: "X" }]),
  ).catch((problem) => JSON.parse(problem.message));
  process.stdout.write(JSON.stringify(found));
}

main().catch((problem) => {
  process.stderr.write(String(problem));
  process.exit(1);
});
