import { block } from "@phantasm/block";
import { console } from "@phantasm/console";
import { files, tar } from "@phantasm/fs";
import { unikernel } from "phantasm";

export default unikernel("files", {
  devices: {
    console: console(),
    baked: files("./htdocs"),
    site: tar(block("site")),
  },
});
