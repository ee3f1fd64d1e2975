/** What a risk score is made of; docs/functions.md tells it in words. */

/** Points for each incident of the last year. */
export const INCIDENT_POINTS = { low: 1, medium: 3, high: 8, fatal: 20 } as const;

/** The most that each part adds; together 100. */
export const RISK_PARTS = { assessments: 40, gaps: 30, incidents: 20, findings: 10 } as const;
