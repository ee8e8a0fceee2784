import { secondsWords } from "../words.ts";
import { escapeHtml } from "./escape.ts";
import type { Report } from "./report.ts";

const width = 900;
const labelWidth = 52;
const rowHeight = 22;
const axisHeight = 28;

/** The run as bars over time, one row a step; inline, without scripts or anything from outside. */
export function timelineSvg(report: Report): string {
  const { spans, totalSeconds } = report;
  if (spans.length === 0) return "";
  const height = spans.length * rowHeight + axisHeight + 6;
  const x = (seconds: number): number => labelWidth + (seconds / totalSeconds) * (width - labelWidth - 90);
  const rows = spans.map((span, index) => {
    const y = index * rowHeight + 4;
    const from = x(span.from);
    // Very short steps stay visible.
    const length = Math.max(3, x(span.to) - from);
    const took = secondsWords(span.to - span.from);
    return (
      `<g class="bar ${span.state}"><title>${escapeHtml(`${span.id} ${span.label}: ${took}`)}</title>` +
      `<text x="0" y="${px(y + 13)}">${escapeHtml(span.id)}</text>` +
      `<rect x="${px(from)}" y="${px(y)}" width="${px(length)}" height="16" rx="3"/>` +
      `<text class="took" x="${px(from + length + 6)}" y="${px(y + 13)}">${escapeHtml(took)}</text></g>`
    );
  });
  const ticks = ticksOf(totalSeconds).map((seconds) => {
    const at = x(seconds);
    return `<line x1="${px(at)}" x2="${px(at)}" y1="0" y2="${px(spans.length * rowHeight + 4)}"/><text x="${px(at)}" y="${px(height - 8)}" text-anchor="middle">${escapeHtml(secondsWords(seconds))}</text>`;
  });
  const write =
    report.firstWriteSeconds === undefined
      ? ""
      : `<line class="write" x1="${px(x(report.firstWriteSeconds))}" x2="${px(x(report.firstWriteSeconds))}" y1="0" y2="${px(spans.length * rowHeight + 4)}"><title>first write through the control-plane endpoint</title></line>`;
  return `<svg class="timeline" viewBox="0 0 ${String(width)} ${px(height)}" role="img" aria-label="Steps of the run over time"><g class="ticks">${ticks.join("")}</g>${rows.join("")}${write}</svg>`;
}

/** About six round marks. */
function ticksOf(totalSeconds: number): readonly number[] {
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200];
  const step = steps.find((candidate) => totalSeconds / candidate <= 7) ?? 14_400;
  const ticks: number[] = [];
  for (let at = 0; at <= totalSeconds && ticks.length < 20; at += step) ticks.push(at);
  return ticks;
}

function px(value: number): string {
  return (Math.round(value * 10) / 10).toString();
}
