import { RESET } from "@phantasm/interfaces";
import { describe, expect, test } from "@phantasm/testing";
import { HELLO, connect, get, post, story } from "./testing-server";

describe("content", () => {
  test("of a length", () => {
    const client = connect();
    client.says(post("/receive", "Content-Length: 5\r\n\r\nab"));
    client.hears("");
    client.says("cdeGET / HT");
    client.hears("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ngot abcde");
    client.says("TP/1.1\r\nHost: a\r\n\r\n");
    client.hears(HELLO);
  });

  test("in chunks, with extensions and trailers", () => {
    const client = connect();
    client.says(
      post(
        "/receive",
        'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n02 ;x="y;\\""\r\nde\r\n0\r\nX: y\r\n\r\n',
      ) + get("/"),
    );
    client.hears("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ngot abcde" + HELLO);
  });

  test("of nothing", () => {
    const client = connect();
    client.says(post("/receive", "Content-Length: 0\r\n\r\n") + post("/receive", "\r\n"));
    const answer = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngot ";
    client.hears(answer + answer);
  });

  test("is waved on by 100, when it is wanted and has not come", () => {
    const client = connect();
    client.says(post("/receive", "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"));
    client.hears("HTTP/1.1 100 Continue\r\n\r\n");
    client.says("ab");
    client.hears("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\ngot ab");
  });

  test("that is not wanted is not waved on, and the connection ends", () => {
    const client = connect();
    client.says(post("/", "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"));
    client.hears(HELLO.replace("Content-Type", "Connection: close\r\nContent-Type"));
    expect(client.fate).toBe("shutdown ");
  });

  test("that nobody wants is passed over", () => {
    const client = connect();
    client.says(post("/", "Content-Length: 3\r\n\r\nGET") + get("/"));
    client.hears(HELLO + HELLO);
    client.says(post("/", "Transfer-Encoding: chunked\r\n\r\n1\r\nG\r\n0\r\n\r\n") + get("/"));
    client.hears(HELLO + HELLO);
  });

  test("that nobody wants and is much ends the connection", () => {
    const client = connect();
    client.says(post("/", "Content-Length: 65537\r\n\r\n"));
    expect(client.heard().includes("Connection: close\r\n")).toBe(true);
    expect(client.fate).toBe("shutdown ");
    const other = connect();
    other.says(post("/", "Transfer-Encoding: chunked\r\n\r\n11000\r\n") + "x".repeat(0x11000));
    other.hears(HELLO);
    expect(other.fate).toBe("shutdown ");
  });

  test("that is too large: 413", () => {
    const client = connect();
    client.says(post("/little", "Content-Length: 5\r\n\r\nabcde"));
    expect(client.heard().startsWith("HTTP/1.1 413 Content Too Large\r\n")).toBe(true);
    expect(client.fate).toBe("shutdown ");
    const other = connect();
    other.says(post("/little", "Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n"));
    expect(other.heard().startsWith("HTTP/1.1 413 Content Too Large\r\n")).toBe(true);
  });

  test("as it comes, with pauses", () => {
    const client = connect();
    client.says(post("/stream", "Content-Length: 6\r\n\r\nabc"));
    expect(story).toBe("abc|");
    client.says("d");
    client.says("ef");
    expect(story).toBe("abc|d|");
    expect(client.readable).toBe(2);
  });

  test("that breaks off: 400", () => {
    const client = connect();
    client.says(post("/receive", "Content-Length: 6\r\n\r\nabc"));
    client.ends();
    expect(client.heard().startsWith("HTTP/1.1 400 Bad Request\r\n")).toBe(true);
    expect(client.fate).toBe("shutdown close ");
    const other = connect();
    other.says(post("/stream", "Content-Length: 6\r\n\r\nabc"));
    other.breaks(RESET);
    expect(story).toBe("abc|aborted ");
  });

  test("in broken chunks: 400", () => {
    const broken: string[] = [
      "x\r\n",
      "\r\n",
      "-1\r\n",
      "0x1\r\na",
      "1\na",
      "1\r\r\na",
      "1 \r\na",
      "1\r\nab\r\n",
      "1\r\na\n0\r\n",
      "1\r\na\r0\r\n",
      "1000000000000000\r\n",
      "1;\x00\r\n",
      "1;a=\x01\r\n",
      '1;a="\r\n"\r\n',
      "0\r\nX : y\r\n\r\n",
      "0\r\nX: y\n\r\n",
      "0\r\n X: y\r\n\r\n",
      "0\r\nX\r\n\r\n",
      "1;" + "x".repeat(16_400) + "\r\n",
      "0\r\nX: " + "y".repeat(9_000) + "\r\n",
    ];
    for (let i = 0; i < broken.length; i++) {
      const client = connect();
      client.says(post("/receive", "Transfer-Encoding: chunked\r\n\r\n" + broken[i]));
      expect(client.heard().substring(0, 12) + broken[i]).toBe("HTTP/1.1 400" + broken[i]);
      expect(client.fate).toBe("shutdown ");
    }
  });
});
