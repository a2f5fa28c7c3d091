import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { SeriesView } from "../../server/api.ts";

const colour = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const clockText = (seconds: number): string =>
  new Date(seconds * 1_000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });

/** A line over time; gaps in the data are gaps in the line. */
export function Chart(props: { series: SeriesView; label: string; percent: boolean; height?: number }) {
  const place = useRef<HTMLDivElement>(null);
  const height = props.height ?? 140;
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const soft = colour("--soft");
    const line = colour("--line");
    const accent = colour("--accent");
    const axis = { stroke: soft, grid: { stroke: line, width: 1 }, ticks: { show: false }, font: "11px system-ui" };
    const plot = new uPlot(
      {
        width: element.clientWidth,
        height,
        legend: { show: false },
        cursor: { y: false },
        scales: {
          y: {
            range: (_, low, high) =>
              props.percent
                ? [0, Math.max(0.1, Math.min(1, (high ?? 0) * 1.2))]
                : [Math.min(0, low ?? 0), (high ?? 1) * 1.2 || 1],
          },
        },
        axes: [
          { ...axis, size: 28, space: 70, values: (_, ticks) => ticks.map(clockText) },
          {
            ...axis,
            size: 48,
            values: (_, ticks) => ticks.map((tick) => (props.percent ? `${Math.round(tick * 100)} %` : String(tick))),
          },
        ],
        series: [
          {},
          {
            label: props.label,
            stroke: accent,
            width: 1.75,
            fill: `${accent}22`,
            spanGaps: false,
            points: { show: false },
          },
        ],
      },
      [[], []],
      element,
    );
    plot.setData([props.series.at.map((at) => at / 1_000), [...props.series.value]]);
    const watch = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }));
    watch.observe(element);
    return () => {
      watch.disconnect();
      plot.destroy();
    };
  }, [props.series, props.label, props.percent, height]);
  const last = props.series.value.findLast((value) => value !== null);
  return (
    <div
      ref={place}
      role="img"
      aria-label={`${props.label}, last ${last === undefined || last === null ? "unknown" : last.toFixed(3)}`}
      className="w-full min-w-0"
      style={{ height }}
    />
  );
}
