# R fitdistrplus: `fitdist` of each family it can take from base R, then AIC. The protocol is that of protocol.py.
suppressMessages(library(fitdistrplus))
asked <- commandArgs(TRUE); task <- asked[1]; data <- scan(asked[2], quiet = TRUE)
laws <- if (substr(task, 1, 1) == "C") c(norm = "norm", expon = "exp", gamma = "gamma", lognorm = "lnorm",
  weibull_min = "weibull", logistic = "logis") else c(poisson = "pois", nbinom = "nbinom", geom = "geom")
parameters <- function(name, e) switch(name, norm = c(e[["mean"]], e[["sd"]]), expon = c(0, 1 / e[["rate"]]),
  gamma = c(e[["shape"]], 0, 1 / e[["rate"]]), lognorm = c(e[["sdlog"]], 0, exp(e[["meanlog"]])),
  weibull_min = c(e[["shape"]], 0, e[["scale"]]), logistic = c(e[["location"]], e[["scale"]]),
  poisson = c(e[["lambda"]], 0), nbinom = c(e[["size"]], e[["size"]] / (e[["size"]] + e[["mu"]]), 0),
  geom = c(e[["prob"]], -1))
run <- function(x) {
  found <- lapply(laws, function(law) tryCatch(suppressWarnings(fitdist(x, law)), error = function(e) NULL))
  found <- found[!sapply(found, is.null)]
  found[order(sapply(found, function(f) f$aic))]
}
peak <- function() as.numeric(sub("\\D+(\\d+).*", "\\1", grep("VmHWM", readLines("/proc/self/status"), value = TRUE))) / 1024
tell <- function(text) { cat("@@", text, "\n", sep = ""); flush(stdout()) }
invisible(run(data[seq_len(min(2000, length(data)))]))
tell(sprintf('{"ready": true, "megabytes": %.1f}', peak()))
input <- file("stdin", "r")
while (length(readLines(input, 1)) > 0) {
  start <- proc.time(); found <- run(data); taken <- proc.time() - start
  fits <- sapply(names(found), function(n) sprintf('["%s", [%s]]', n,
    paste(sprintf("%.17g", parameters(n, as.list(found[[n]]$estimate))), collapse = ", ")))
  tell(sprintf('{"seconds": %.4f, "cpu": %.4f, "megabytes": %.1f, "fits": [%s]}', taken[["elapsed"]],
    taken[["user.self"]] + taken[["sys.self"]], peak(), paste(fits, collapse = ", ")))
}
