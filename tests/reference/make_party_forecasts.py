"""Make datasets/party_forecasts.csv: held-out probabilities of a voter's party by four simple classifiers.

The voters are statsmodels' copy of the American National Election Study of 1996 (944 of them, public domain).
Ten folds (seed 1); each classifier sees nine of them and says what it thinks of the tenth.
Run from the root, with statsmodels.
"""

from pathlib import Path

import numpy as np
import statsmodels.api as sm

PARTIES = ["Democrat", "Independent", "Republican"]
TITLE = """\
# Party of 944 American voters in 1996, and what four classifiers said of each without having seen him or her
# source: American National Election Study 1996 (public domain) as bundled with statsmodels; \
forecasts: tests/reference/make_party_forecasts.py
# row: one voter: party, and the probabilities of Democrat (d), Independent (i) and Republican (r) by each classifier
# units: probabilities, of ten-fold cross-validation
# trap: independents are all three middle answers of seven, those who lean to a party among them
# variant: the study has 1714 respondents; these are the 944 of statsmodels, complete in all columns
"""


def design(data, names):
    x = data[names].to_numpy(float)
    return np.column_stack([np.ones(len(x)), (x - x.mean(axis=0)) / x.std(axis=0)])


def logistic(x, y, new):
    fitted = sm.MNLogit(y, x).fit(disp=0)
    return np.asarray(fitted.predict(new))


def naive_bayes(x, y, new):
    """Independent normal laws in each class: it counts the same evidence several times."""
    x, new = x[:, 1:], new[:, 1:]
    logs = np.empty((len(new), 3))
    for c in range(3):
        own = x[y == c]
        z = (new - own.mean(axis=0)) / own.std(axis=0)
        logs[:, c] = np.log((y == c).mean()) - (0.5 * z**2 + np.log(own.std(axis=0))).sum(axis=1)
    e = np.exp(logs - logs.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def neighbours(x, y, new, k=30):
    """Shares of the classes among the nearest, one of each added."""
    distance = np.square(new[:, None] - x[None]).sum(axis=2)
    near = y[np.argsort(distance, axis=1, kind="stable")[:, :k]]
    return (np.stack([(near == c).sum(axis=1) for c in range(3)], axis=1) + 1) / (k + 3)


def main():
    data = sm.datasets.anes96.load_pandas().data
    y = np.digitize(data["PID"].to_numpy(), [1.5, 4.5])
    views = ["selfLR", "ClinLR", "DoleLR"]
    people = ["age", "educ", "income", "logpopul", "TVnews"]
    made = {
        "views": (logistic, design(data, views)),
        "people": (logistic, design(data, people)),
        "bayes": (naive_bayes, design(data, views + people)),
        "near": (neighbours, design(data, views + people)),
    }
    fold = np.random.default_rng(1).permutation(len(y)) % 10
    columns = {}
    for name, (method, x) in made.items():
        p = np.empty((len(y), 3))
        for k in range(10):
            p[fold == k] = method(x[fold != k], y[fold != k], x[fold == k])
        p = np.round(p, 6)
        p[:, 2] = 1 - p[:, 0] - p[:, 1]
        columns |= {f"{name}_{party[0].lower()}": p[:, c] for c, party in enumerate(PARTIES)}
    rows = [",".join(["party", *columns])]
    rows += [",".join([PARTIES[y[i]], *(f"{column[i]:.6f}" for column in columns.values())]) for i in range(len(y))]
    Path("datasets/party_forecasts.csv").write_text(TITLE + "\n".join(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
