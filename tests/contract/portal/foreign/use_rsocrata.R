# Read and write the portal as users of RSocrata do, and print what came as JSON.

library(RSocrata)
httr::set_config(httr::config(cainfo = Sys.getenv("CURL_CA_BUNDLE")))

table <- Sys.getenv("TABLE")
csv <- sub("json$", "csv", table)
name <- Sys.getenv("NAME")
secret <- Sys.getenv("SECRET")

described <- function(frame) {
  list(
    counties = frame$county,
    sum = sum(as.numeric(frame$visits), na.rm = TRUE),
    missing = sum(is.na(frame$visits)),
    day = class(frame$day)[1],
    newest = format(max(frame$day), "%Y-%m-%d")
  )
}

found <- list(json = described(read.socrata(table)), csv = described(read.socrata(csv)))
found$filtered <- read.socrata(paste0(csv, "?$where=visits > 40"))$county
found$page <- read.socrata(paste0(table, "?$select=county&$order=county&$limit=2&$offset=1"))$county
found$person <- nrow(read.socrata(sub("/resource/(.*)[.]json$", "/d/\\1", table)))
found$catalogue <- ls.socrata(sub("/resource/.*", "", table))$title
more <- data.frame(county = c("Colusa", "Yolo"), visits = c(7, 3))
found$upserted <- httr::content(write.socrata(more, table, "UPSERT", name, secret))
found$after <- described(read.socrata(table))$sum
found$replaced <- httr::content(write.socrata(more[1, ], table, "REPLACE", name, secret))
found$left <- read.socrata(table)$county
found$refused <- httr::status_code(write.socrata(more, table, "UPSERT", name, "wrong"))
cat(jsonlite::toJSON(found, auto_unbox = TRUE))
