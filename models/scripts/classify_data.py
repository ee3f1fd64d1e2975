"""The labelled narratives: text, label and split of each set. Labels are names of our own for the codes of the source."""
import csv
import os

# Codes of OSHA's accident lookup (osha-dol-enforcement/osha_accident_lookup2.csv); the label columns of the abstracts were reworded.
EVENTS = {"1": "struck by", "2": "caught in or between", "3": "bite, sting or scratch", "4": "fall, same level", "5": "fall, from elevation",
          "6": "struck against", "7": "rubbed or abraded", "8": "inhalation", "9": "ingestion", "10": "absorption",
          "12": "cardiovascular or respiratory failure", "13": "shock", "14": "other"}


def rows(path, encoding="utf8"):
    with open(path, encoding=encoding, errors="replace", newline="") as file:
        return list(csv.DictReader(file))


def official(data, scheme):
    """Number → name, of one scheme of OSHA's lookup."""
    lookup = rows(os.path.join(data, "osha-dol-enforcement/osha_accident_lookup2.csv"))
    return {row["accident_number"]: row["accident_value"].strip().lower() for row in lookup if row["accident_code"] == scheme}


def osha(data):
    """[(text, year, {event, nature, severity})] of the abstracts of 2015 and 2016: headline, then narrative."""
    natures = official(data, "IN")
    found = []
    for row in rows(os.path.join(data, "osha-abstracts-2015-16/osha_abstracts_2015_2016.csv")):
        labels = {"event": EVENTS.get(row["event_type"], "other"),
                  "nature": natures.get(row["nature_of_inj"], "other"),
                  "severity": "fatal" if row["Degree of Injury"] == "Fatal" else "not fatal"}
        found.append((f"{row['Event Description']}. {row['Abstract Text']}", row["Event Date"][-4:], labels))
    return found


def goh(data):
    """[(text, cause)]: construction accidents, 11 causes tagged by people."""
    table = rows(os.path.join(data, "osha-construction-goh/tagged749.csv"))
    return [(f"{row['title'].strip()}. {row['Summary2'].strip()}", row["Tagged2"].strip()) for row in table]
