/** Small workbooks, made by hand. */
import { deflateRawSync } from 'node:zlib';

/** A ZIP archive of files as they are given: packed bytes and what the directory says of them. */
export function zip(files: readonly { name: string; data: Buffer; flags?: number }[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, data, flags = 0 } of files) {
    const packed = deflateRawSync(data, { level: 9 });
    const local = Buffer.alloc(30 + name.length);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(8, 8);
    local.writeUInt16LE(name.length, 26);
    local.write(name, 30);
    const entry = Buffer.alloc(46 + name.length);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(flags, 8);
    entry.writeUInt16LE(8, 10);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(at, 42);
    entry.write(name, 46);
    parts.push(local, packed);
    directory.push(entry);
    at += local.length + packed.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, ...directory, end]);
}

export const book = (sheet: string): { name: string; data: Buffer }[] => [
  {
    name: 'xl/workbook.xml',
    data: Buffer.from(
      '<workbook xmlns:r="r"><sheets><sheet name="A" sheetId="1" r:id="rId1"/></sheets></workbook>',
    ),
  },
  {
    name: 'xl/_rels/workbook.xml.rels',
    data: Buffer.from(
      '<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/></Relationships>',
    ),
  },
  {
    name: 'xl/sharedStrings.xml',
    data: Buffer.from('<sst><si><t>id</t></si><si><r><t>wh</t></r><r><t>en</t></r></si></sst>'),
  },
  {
    name: 'xl/worksheets/sheet1.xml',
    data: Buffer.from(`<worksheet><sheetData>${sheet}</sheetData></worksheet>`),
  },
];
